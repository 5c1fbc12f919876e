/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "load/latency.h"

#include <math.h>

#define ENOUGH     64 /* the most records that count */
#define FEW        8  /* the fewest records that give a median */
#define NUMBER_MAX ((INT64_C(1) << 31) - 1)
#define LEVEL_MAX  8191

static int64_t within(double value)
{
    return value > 0 ? value < (double)NUMBER_MAX ? (int64_t)value : NUMBER_MAX : 0;
}

static double contention_of(int64_t inflight, int64_t parallel)
{
    inflight = inflight < 0 ? 0 : inflight < LEVEL_MAX ? inflight : LEVEL_MAX;
    return parallel > 0 && 1000 * inflight > parallel ? 1000 * (double)inflight / (double)parallel : 1;
}

/* Inserts `value` into a sorted list of `n`, which has room for one more. */
static void insert(double *sorted, int n, double value)
{
    for (; n > 0 && sorted[n - 1] > value; n--) {
        sorted[n] = sorted[n - 1];
    }
    sorted[n] = value;
}

int64_t backhand_latency_of(const backhand_record *records, int n, int64_t inflight, int64_t service, int64_t parallel)
{
    double sorted[ENOUGH];
    int near = 0;

    for (int i = 0; i < n && near < ENOUGH; i++) {
        int level = records[i].level;
        if (!records[i].runs && 10 * level >= 7 * inflight - 10 && 10 * level <= 14 * inflight + 10) {
            insert(sorted, near++, records[i].log);
        }
    }
    return near >= FEW ? within(exp(sorted[near / 2])) : within((double)service * contention_of(inflight, parallel));
}

int64_t backhand_latency_now(int64_t latency, int64_t then, int64_t now, int64_t parallel)
{
    return within((double)latency / contention_of(then, parallel) * contention_of(now, parallel));
}
