/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "table/meter.h"

#include <stdlib.h>
#include <string.h>

/* A sample in one word, so that it is never read in halves: time in ms (20 bits), duration in us (30), level (13), failed (1). */
#define TIME_BITS     20
#define DURATION_MAX  ((INT64_C(1) << 30) - 1)
#define LEVEL_MAX     ((INT64_C(1) << 13) - 1)
#define TIME_MASK     ((UINT64_C(1) << TIME_BITS) - 1)

#define RECENT_MS     5000  /* samples older than this do not count */
#define FORGET_MS     60000 /* and are wiped out after this: the time in a sample comes round after 17 minutes */
#define NEWEST        64    /* of the rest, so many at most */
#define FEW           8     /* fewer than this say nothing about parallel */
#define USUAL         4     /* durations that a stall has to outweigh */
#define QUIET_US      1000000
#define HALF_LIFE_US  1500000
#define PARALLEL_MAX  4096000
#define DRIFT_TIMES   8

typedef struct sample {
    int64_t level, usec;
    int failed;
} sample;

typedef struct samples {
    sample of[NEWEST];
    int n;
} samples;

static int64_t get(const int64_t *word)
{
    return __atomic_load_n(word, __ATOMIC_RELAXED);
}

static void set(int64_t *word, int64_t value)
{
    __atomic_store_n(word, value, __ATOMIC_RELAXED);
}

static int64_t within(int64_t value, int64_t min, int64_t max)
{
    if (value < min) {
        return min;
    }
    return value > max ? max : value;
}

int64_t backhand_meter_begin(backhand_meter *meter, int64_t now)
{
    int64_t level = __atomic_add_fetch(&meter->inflight, 1, __ATOMIC_RELAXED);
    if (level <= 1) {
        set(&meter->ended, now);
    }
    return level;
}

void backhand_meter_drop(backhand_meter *meter)
{
    __atomic_sub_fetch(&meter->inflight, 1, __ATOMIC_RELAXED);
}

void backhand_meter_sample(backhand_meter *meter, int64_t level, int64_t usec, int failed, int64_t now)
{
    uint64_t place = __atomic_fetch_add(&meter->next, 1, __ATOMIC_RELAXED) % BACKHAND_METER_SAMPLES;
    uint64_t word = ((uint64_t)(now / 1000) & TIME_MASK) << 44;

    word |= (uint64_t)within(usec, 1, DURATION_MAX) << 14;
    word |= (uint64_t)within(level, 1, LEVEL_MAX) << 1;
    word |= failed ? 1 : 0;
    __atomic_store_n(&meter->samples[place], word, __ATOMIC_RELAXED);
    __atomic_add_fetch(&meter->served, 1, __ATOMIC_RELAXED);
    set(&meter->ended, now);
}

/* The newest samples that count, newest first. */
static void collect(backhand_meter *meter, int64_t now, samples *out)
{
    uint64_t next = __atomic_load_n(&meter->next, __ATOMIC_RELAXED);

    out->n = 0;
    for (uint64_t back = 1; back <= BACKHAND_METER_SAMPLES && out->n < NEWEST; back++) {
        uint64_t *at = &meter->samples[(next - back) % BACKHAND_METER_SAMPLES];
        uint64_t word = __atomic_load_n(at, __ATOMIC_RELAXED);
        uint64_t age = ((uint64_t)(now / 1000) - (word >> 44)) & TIME_MASK;

        if (word && age > FORGET_MS && age < TIME_MASK - FORGET_MS) {
            __atomic_compare_exchange_n(at, &word, 0, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
        }
        /* Samples are written in no strict order: one may be a little ahead of `now`. */
        else if (word && (age <= RECENT_MS || age >= TIME_MASK - FORGET_MS)) {
            sample *s = &out->of[out->n++];
            s->usec = (int64_t)(word >> 14) & DURATION_MAX;
            s->level = (int64_t)(word >> 1) & LEVEL_MAX;
            s->failed = (int)(word & 1);
        }
    }
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Of a list that it sorts; 0: it is empty. */
static double median(double *list, int n)
{
    if (n == 0) {
        return 0;
    }
    qsort(list, (size_t)n, sizeof(*list), compare);
    return n % 2 ? list[n / 2] : (list[n / 2 - 1] + list[n / 2]) / 2;
}

/* Lets `parallel` move to where the samples from crowds say the same as the others. @return the new one */
static double adapt(const samples *all, double parallel)
{
    double calm[NEWEST], crowded[NEWEST];
    int n_calm = 0, n_crowded = 0, n_nearly = 0;
    double ratio;

    for (int i = 0; i < all->n; i++) {
        const sample *s = &all->of[i];
        if (s->failed) {
            continue;
        }
        if ((double)s->level <= parallel) {
            calm[n_calm++] = (double)s->usec;
            n_nearly += (double)s->level > 0.6 * parallel;
        }
        else {
            crowded[n_crowded++] = (double)s->usec * parallel / (double)s->level;
        }
    }
    if (n_calm >= FEW && n_crowded >= FEW) {
        ratio = median(crowded, n_crowded) / median(calm, n_calm);
        ratio = ratio < 0.5 ? 0.5 : ratio > 2 ? 2 : ratio;
        return parallel * (1 - 0.2 * (ratio - 1));
    }
    return n_crowded == 0 && n_nearly >= FEW ? parallel * 1.25 : parallel;
}

static double service_of(const samples *all, double parallel)
{
    double list[NEWEST];
    int n = 0;

    for (int i = 0; i < all->n && n < NEWEST / 2; i++) {
        const sample *s = &all->of[i];
        if (!s->failed) {
            double crowd = (double)s->level / parallel;
            list[n++] = (double)s->usec / (crowd > 1 ? crowd : 1);
        }
    }
    return median(list, n);
}

static double latency_of(const samples *all, int64_t inflight)
{
    double near[NEWEST], any[NEWEST];
    int n_near = 0, n_any = 0;

    for (int i = 0; i < all->n && n_near < NEWEST / 2; i++) {
        const sample *s = &all->of[i];
        if (s->failed) {
            continue;
        }
        any[n_any++] = (double)s->usec;
        if (10 * s->level >= 7 * inflight - 10 && 10 * s->level <= 14 * inflight + 10) {
            near[n_near++] = (double)s->usec;
        }
    }
    return n_near >= FEW ? median(near, n_near) : median(any, n_any);
}

static int64_t errors_of(const samples *all)
{
    int failed = 0;
    for (int i = 0; i < all->n; i++) {
        failed += all->of[i].failed;
    }
    /* As if two more had gone well: one failure alone says little. */
    return 1000 * failed / (all->n + 2);
}

/* What the figures were, the longer ago the less. */
static void fade(const backhand_meter *meter, int64_t quiet, backhand_work *out)
{
    double left = (double)get(&meter->service);
    for (; quiet > HALF_LIFE_US && left > 1; quiet -= HALF_LIFE_US) {
        left /= 2;
    }
    left *= 1 - (double)quiet / (2 * HALF_LIFE_US);
    out->service = left > 1 ? (int64_t)left : get(&meter->service) > 0;
    out->parallel = 1000;
}

/* Requests that wait with none of them ending. One alone may be one that takes long. */
static int64_t stall(const backhand_meter *meter, const backhand_work *work, int64_t now)
{
    int64_t since = now - get(&meter->ended), waiting = work->inflight - 1;
    int64_t at_once = (work->parallel + 999) / 1000;

    if (since <= 0 || waiting <= 0 || work->service == 0) {
        return 0;
    }
    waiting = waiting < at_once ? waiting : at_once;
    return within(since, 0, DURATION_MAX) * waiting / USUAL;
}

void backhand_meter_read(backhand_meter *meter, int64_t now, backhand_work *out)
{
    samples all;
    int64_t quiet, parallel = get(&meter->parallel);

    collect(meter, now, &all);
    out->inflight = within(get(&meter->inflight), 0, INT32_MAX);
    out->served = get(&meter->served);
    out->errors = errors_of(&all);
    parallel = parallel > 0 ? parallel : 1000;
    if (all.n > 0) {
        double moved = adapt(&all, (double)parallel / 1000);
        double service = service_of(&all, moved);
        parallel = within((int64_t)(moved * 1000), 1000, PARALLEL_MAX);
        set(&meter->parallel, parallel);
        if (service > 0) {
            set(&meter->service, (int64_t)service);
            set(&meter->latency, (int64_t)latency_of(&all, out->inflight));
        }
    }
    out->service = get(&meter->service);
    out->parallel = out->service > 0 ? parallel : 0;
    out->latency = get(&meter->latency);
    quiet = now - get(&meter->ended) - QUIET_US;
    if (quiet > 0 && out->inflight == 0 && out->service > 0) {
        fade(meter, quiet, out);
    }
    out->service = within(out->service + stall(meter, out, now), 0, DURATION_MAX);
}

void backhand_meter_reconcile(backhand_meter *meter, int64_t serving)
{
    int64_t drift = serving - get(&meter->inflight);

    set(&meter->drift_seen, drift && drift == get(&meter->drift) ? get(&meter->drift_seen) + 1 : 0);
    set(&meter->drift, drift);
    if (get(&meter->drift_seen) >= DRIFT_TIMES) {
        __atomic_add_fetch(&meter->inflight, drift, __ATOMIC_RELAXED);
        set(&meter->drift_seen, 0);
    }
}
