/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file stall.h
 * @brief Whether requests have ceased to end: known within two or three service times. Core: no httpd.
 *
 * Work is the time that requests have been in service, those beyond `parallel` not counted, summed up. Four ends ago it
 * was some mark; what was added since is compared with the work that four requests usually take. Heavy-tailed durations
 * get more allowance, by their variation. Atomics in shared memory, any process; all zero at first.
 */
#ifndef BACKHAND_STALL_H
#define BACKHAND_STALL_H

#include <stdint.h>

#define BACKHAND_STALL_ENDS 4

typedef struct backhand_stall {
    int64_t looked;                           /**< until when `work` was summed up, us */
    int64_t work;                             /**< us times requests */
    int64_t work_at_end[BACKHAND_STALL_ENDS]; /**< `work` at the last ends */
    uint64_t ends;
    /* written by the reader of the meter */
    int64_t usual;     /**< us that a request takes now, at least the usual; 0: not known, and no stall */
    int64_t variation; /**< of durations, x 1000: the square of their coefficient of variation, 1000 to 20000 */
} backhand_stall;

/** `inflight` were being served until now, of at most `parallel` (x 1000) at once. Before each change of `inflight`. */
void backhand_stall_account(backhand_stall *stall, int64_t inflight, int64_t parallel, int64_t now);
/** A request has ended. */
void backhand_stall_end(backhand_stall *stall);
/** Nothing is in flight any more, or what was so far does not count. */
void backhand_stall_reset(backhand_stall *stall);
/** By how much longer than usual requests seem to take: 1, or more than 1. `inflight` as it is now. */
double backhand_stall_factor(const backhand_stall *stall, int64_t inflight, int64_t parallel, int64_t now);

#endif
