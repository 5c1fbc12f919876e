/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file trace.h
 * @brief Reads arrivals from an access log.
 *
 * Lines are in the common log format or begin like it, as the combined one; when the last word of a line is a whole
 * number, it is `%D`, the time that the request took, in us. A log has only whole seconds: the requests of one second
 * are spread over it at random, the same way in each run.
 */
#ifndef BACKHAND_SIM_TRACE_H
#define BACKHAND_SIM_TRACE_H

#include "sim/asks.h"

#include <stdint.h>

/** Lines of a log that are read. */
#define SIM_TRACE_MAX 10000000

/** One request of a trace. */
typedef struct sim_entry {
    int64_t at;         /**< us since the first one's second began */
    int64_t took;       /**< us; -1: the log does not say */
    const sim_ask *ask; /**< shared by those that ask for the same */
} sim_entry;

typedef struct sim_trace {
    sim_entry *entries; /**< in the order of their times; as long-lived as the pool */
    uint32_t n;
    uint32_t skipped;  /**< lines that are no such lines */
    int first_skipped; /**< the first of them */
    uint32_t untimed;  /**< entries without `took` */
} sim_trace;

/**
 * Reads a log.
 * @param faster  the log's time passes so many times faster
 * @return NULL, or what is wrong
 */
const char *sim_trace_read(sim_trace **out, const char *file, double faster, apr_pool_t *p);

#endif
