/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file stall.h
 * @brief Detects a stall: requests have ceased to end. It takes two or three service times to detect. Core: no httpd.
 *
 * *Work* is the sum of the times for which requests have been in service, of at most `parallel` at a time. The work
 * since the fourth last end of a request is compared with the work that four requests usually take. The more the
 * durations vary, the larger the allowance. Atomics in shared memory, any process; all zero at first.
 */
#ifndef BACKHAND_STALL_H
#define BACKHAND_STALL_H

#include <stdint.h>

#define BACKHAND_STALL_ENDS 4

typedef struct backhand_stall {
    int64_t looked;                           /**< time up to which `work` is complete, us */
    int64_t work;                             /**< us times requests */
    int64_t work_at_end[BACKHAND_STALL_ENDS]; /**< `work` at the last ends of requests */
    uint64_t ends;                            /**< requests that have ended */
    /* Written by the process that reads the meter: */
    int64_t usual;     /**< duration of a request now, never less than the usual one, us; 0: unknown, so no stall */
    int64_t variation; /**< square of the durations' coefficient of variation, x 1000, 1000 to 20000 */
} backhand_stall;

/** Adds the work since the last call. Call it before each change of `inflight`, with the old value. `parallel`: x 1000.
 */
void backhand_stall_account(backhand_stall *stall, int64_t inflight, int64_t parallel, int64_t now);
/** Notes that a request has ended. */
void backhand_stall_end(backhand_stall *stall);
/** Ends a stall: no request is in flight any more, or the work so far no longer counts. */
void backhand_stall_reset(backhand_stall *stall);
/** The factor by which requests seem to take longer than usual, from 1 (no stall) to 10^6. `inflight`: as it is now. */
double backhand_stall_factor(const backhand_stall *stall, int64_t inflight, int64_t parallel, int64_t now);

#endif
