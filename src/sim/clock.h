/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file clock.h
 * @brief The simulated time, as the table of servers and what reads it see it.
 */
#ifndef BACKHAND_SIM_CLOCK_H
#define BACKHAND_SIM_CLOCK_H

#include <apr_time.h>

/** The table's time at the start of a run. It is far from 0, which means "never" in the table. */
#define SIM_EPOCH apr_time_from_sec(1000000000)

/** @param now  us since the run began */
void sim_clock_set(int64_t now);
/** For `now` of a backhand_table. */
apr_time_t sim_clock_now(void);

#endif
