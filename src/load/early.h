/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file early.h
 * @brief Decides when a server announces itself before its interval has passed: when its last free place is taken, when
 * it has free places again, and when it has recovered (trial.h). Core: no httpd.
 */
#ifndef BACKHAND_EARLY_H
#define BACKHAND_EARLY_H

#include "load/meter.h"

/** How often a server with requests in flight calls backhand_early_due(), us. */
#define BACKHAND_EARLY_LOOK 10000

/** State that the moderator keeps. All zero at first. */
typedef struct backhand_early {
    int full; /**< 1: there was no free place at the last call */
    int news; /**< 1: `full` has changed since the last announcement */
} backhand_early;

/**
 * Compares the meter with the last announcement. An early announcement comes max(20 ms, 1 ms for each server) after the
 * last one at the soonest. So there is none if the interval is no longer than that.
 * @param now        us, of any clock
 * @param announced  when this server announced itself last, by the same clock
 * @param servers    number of servers in the farm
 * @return 1 when this server has to announce itself now
 */
int backhand_early_due(backhand_early *early, const backhand_meter *meter, int64_t now, int64_t announced, int servers);

/** Notes that this server has announced itself. */
void backhand_early_done(backhand_early *early);

#endif
