/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "load/stall.h"

/* Usual durations that are added on both sides of the comparison, times the variation: the allowance for chance. */
#define OUTWEIGH 4
/* A factor up to this may be chance and counts as 1. */
#define CHANCE 2
/* Larger factors would mean the same to every reader. */
#define FACTOR_MAX 1e6

static int64_t get(const int64_t *word)
{
    return __atomic_load_n(word, __ATOMIC_RELAXED);
}

/* a - b without undefined overflow, also after a sum or a clock has wrapped around. */
static int64_t less(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a - (uint64_t)b);
}

/* A single request adds no work: it may be one that takes long. */
static int64_t work_of(int64_t inflight, int64_t parallel, int64_t usec)
{
    int64_t most = parallel < 1000 ? 1000 : parallel < INT32_MAX ? parallel : INT32_MAX;
    /* The limits prevent an overflow after the clock was set by years. */
    usec = usec < 0 ? 0 : usec < INT32_MAX ? usec : INT32_MAX;
    inflight = inflight < 0 ? 0 : inflight < INT32_MAX ? inflight : INT32_MAX;
    inflight = inflight > 1 ? inflight : 0;
    return 1000 * inflight <= most ? inflight * usec : most * usec / 1000;
}

void backhand_stall_account(backhand_stall *stall, int64_t inflight, int64_t parallel, int64_t now)
{
    /* The exchange gives each interval to exactly one process, which accounts for it. */
    int64_t since = __atomic_exchange_n(&stall->looked, now, __ATOMIC_RELAXED);

    if (since > 0 && inflight > 0 && now > since) {
        __atomic_add_fetch(&stall->work, work_of(inflight, parallel, now - since), __ATOMIC_RELAXED);
    }
}

void backhand_stall_end(backhand_stall *stall)
{
    uint64_t n = __atomic_fetch_add(&stall->ends, 1, __ATOMIC_RELAXED);
    __atomic_store_n(&stall->work_at_end[n % BACKHAND_STALL_ENDS], get(&stall->work), __ATOMIC_RELAXED);
}

void backhand_stall_reset(backhand_stall *stall)
{
    for (int i = 0; i < BACKHAND_STALL_ENDS; i++) {
        __atomic_store_n(&stall->work_at_end[i], get(&stall->work), __ATOMIC_RELAXED);
    }
}

double backhand_stall_factor(const backhand_stall *stall, int64_t inflight, int64_t parallel, int64_t now)
{
    double usual = (double)get(&stall->usual), allowance = OUTWEIGH * (double)get(&stall->variation) / 1000;
    uint64_t ends = __atomic_load_n(&stall->ends, __ATOMIC_RELAXED);
    double work, factor;

    if (inflight <= 1 || usual <= 0) {
        return 1;
    }
    /* The entry that the next end will overwrite is the oldest: `work` at the time of BACKHAND_STALL_ENDS ends ago. */
    work = (double)less(get(&stall->work), get(&stall->work_at_end[ends % BACKHAND_STALL_ENDS])) +
           (double)work_of(inflight, parallel, less(now, get(&stall->looked)));
    factor = (work / usual + allowance) / (BACKHAND_STALL_ENDS + allowance);
    if (factor <= CHANCE) {
        return 1;
    }
    return factor < FACTOR_MAX ? factor - 1 : FACTOR_MAX;
}
