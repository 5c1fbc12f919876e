/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "table/meter.h"

#include <math.h>
#include <string.h>

/* A sample in one word, so that it is never read in halves: time in ms (20 bits), duration in us (30), level (13), failed (1). */
#define TIME_BITS    20
#define DURATION_MAX ((INT64_C(1) << 30) - 1)
#define LEVEL_MAX    ((INT64_C(1) << 13) - 1)
#define TIME_MASK    ((UINT64_C(1) << TIME_BITS) - 1)

#define RECENT_MS    30000 /* samples older than this do not count */
#define FORGET_MS    60000 /* and are wiped out after this: the time in a sample comes round after 17 minutes */
#define NEWEST       1024  /* of the rest, so many at most */
#define FEW          8     /* fewer than this say nothing about latency or parallel */
#define ENOUGH       64    /* of those that count for latency, so many at most */
#define SMALLEST     4     /* windows of samples double from this */
#define OUTLIER      4     /* a duration counts as this many medians at most */
#define USUAL        4     /* durations that a stall has to outweigh */
#define PARALLEL_MAX 4096000
#define QUICK        4 /* the quick average moves by this part of each new duration, */
#define QUICK_ERRORS 8 /* and that of errors by this one */
#define SUDDEN       3 /* times as slow as the slow average says is no accident */
#define DRIFT_TIMES  8
#define LATER        400    /* times as long until figures fade below the best of late */
#define NOISE        0.7    /* a figure that is better by no more than this may be an accident */
#define SURE         64     /* samples that make sure of a best figure */
#define FASTER       0.3    /* parts by which the best of late follows a better figure, */
#define SLOWER       0.0003 /* or another one, at each look */

typedef struct sample {
    int64_t level, usec;
    int failed;
} sample;

typedef struct samples {
    sample of[NEWEST];
    int n;
    int remembered; /* the newest of them, which are not forgotten */
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

/* Two requests that end at once may lose one of them; nobody waits for the other. */
static void smooth(backhand_meter *meter, int64_t level, int64_t usec)
{
    int64_t parallel = get(&meter->parallel), before = get(&meter->quick);
    int64_t service = within(usec, 1, DURATION_MAX);

    if (parallel > 0 && 1000 * level > parallel) {
        service = service * parallel / (1000 * level);
    }
    set(&meter->quick, before ? before + (service - before) / QUICK : service);
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
    set(&meter->sampled, now);
    set(&meter->failing, get(&meter->failing) + ((failed ? 1000 : 0) - get(&meter->failing)) / QUICK_ERRORS);
    if (!failed) {
        smooth(meter, level, usec);
    }
}

int64_t backhand_meter_errors(const backhand_meter *meter, int64_t read)
{
    int64_t failing = get(&meter->failing);
    return within(failing > read ? failing : read, 0, 1000);
}

int64_t backhand_meter_service(const backhand_meter *meter, int64_t read)
{
    int64_t quick = within(get(&meter->quick), 0, DURATION_MAX);

    read = within(read, 0, DURATION_MAX);
    return read > 0 && quick > SUDDEN * read ? quick : read;
}

/* How much longer a request takes in a crowd; both counts of requests x 1000. */
static int64_t slowed(int64_t usec, int64_t inflight, int64_t parallel)
{
    return parallel > 0 && inflight > parallel ? usec * inflight / parallel : usec;
}

int64_t backhand_meter_latency(const backhand_meter *meter, int64_t read)
{
    int64_t parallel = within(get(&meter->parallel), 0, PARALLEL_MAX),
            now = 1000 * within(get(&meter->inflight), 0, LEVEL_MAX);
    int64_t then = 1000 * within(get(&meter->looked), 0, LEVEL_MAX);
    int64_t calm = within(read, 0, DURATION_MAX);

    calm = parallel > 0 && then > parallel ? calm * parallel / then : calm;
    return within(slowed(calm, now, parallel), 0, DURATION_MAX);
}

/* The newest samples that count, newest first. */
static void collect(backhand_meter *meter, int64_t now, samples *out)
{
    uint64_t next = __atomic_load_n(&meter->next, __ATOMIC_RELAXED);

    out->n = out->remembered = 0;
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
            out->remembered += back <= next - meter->forgotten;
            s->usec = (int64_t)(word >> 14) & DURATION_MAX;
            s->level = (int64_t)(word >> 1) & LEVEL_MAX;
            s->failed = (int)(word & 1);
        }
    }
}

/* The median of a list that it puts in another order, of its upper half where there are two; 0: it is empty. Hoare's
 * selection: a sorted list would take several times as long. */
static double median(double *list, int n)
{
    int low = 0, high = n - 1, middle = n / 2;

    while (low < high) {
        double pivot = list[middle], value;
        int i = low, j = high;
        while (i <= j) {
            for (; list[i] < pivot; i++) {
            }
            for (; list[j] > pivot; j--) {
            }
            if (i <= j) {
                value = list[i];
                list[i++] = list[j];
                list[j--] = value;
            }
        }
        low = j < middle ? i : low;
        high = middle < i ? j : high;
    }
    return n ? list[middle] : 0;
}

/* A mean that a few very long requests do not carry away. */
static double steady_mean(const double *of, int n)
{
    double list[NEWEST], most, sum = 0;

    memcpy(list, of, (size_t)n * sizeof(*list));
    most = OUTLIER * median(list, n);
    for (int i = 0; i < n; i++) {
        sum += list[i] < most ? list[i] : most;
    }
    return n ? sum / n : 0;
}

/* How much longer a request takes that came as one of `level`. */
static double crowd_of(const sample *s, double parallel)
{
    double crowd = (double)s->level / parallel;
    return crowd > 1 ? crowd : 1;
}

/* As many of the newest samples as tell the same, so that a server that has changed is known by its last few requests and one
 * that has not by many. Windows double as long as each one's mean is within the error of all smaller ones: Lepski's
 * method, with errors that the mean of n exponential durations has two times in a thousand. */
static int window_of(const samples *all, double parallel, double *service)
{
    double list[NEWEST], low = 0, high = INFINITY;
    int window = 0;

    for (int i = 0; i < all->n; i++) {
        list[i] = (double)all->of[i].usec / crowd_of(&all->of[i], parallel);
    }
    for (int n = SMALLEST < all->n ? SMALLEST : all->n; n > 0; n = 2 * n < all->n ? 2 * n : all->n) {
        double mean = steady_mean(list, n);
        if (mean < low || mean > high) {
            break;
        }
        window = n;
        *service = mean;
        low = fmax(low, mean / exp(2.4 / sqrt(n)));
        high = fmin(high, mean * exp(3.2 / sqrt(n) + 2.6 / n));
        if (n == all->n) {
            break;
        }
    }
    return window;
}

/* The newest `n` were not seen before. */
static void remember(backhand_meter *meter, const samples *all, int n, double service)
{
    backhand_levels_age(meter->levels);
    for (int i = n - 1; i >= 0; i--) {
        backhand_levels_add(meter->levels, all->of[i].level, (double)all->of[i].usec / service);
    }
}

/* --- reading ------------------------------------------------------------------------------------------------------ */

/* @return how many of the newest `n` are left */
static int drop_failed(samples *all, int n)
{
    int kept = 0, kept_of_newest = 0;
    for (int i = 0; i < all->n; i++) {
        if (!all->of[i].failed) {
            all->of[kept++] = all->of[i];
            kept_of_newest += i < n;
        }
    }
    all->n = kept;
    return kept_of_newest;
}

/* Of the samples that came in a crowd like the present one; by the model when there are hardly any. */
static double latency_of(const samples *all, int window, const backhand_work *work)
{
    double near[NEWEST], crowd = 1000.0 * (double)work->inflight / (double)work->parallel;
    int n = 0;

    for (int i = 0; i < window && i < all->n && n < ENOUGH; i++) {
        const sample *s = &all->of[i];
        if (10 * s->level >= 7 * work->inflight - 10 && 10 * s->level <= 14 * work->inflight + 10) {
            near[n++] = (double)s->usec;
        }
    }
    return n >= FEW ? median(near, n) : (double)work->service * (crowd > 1 ? crowd : 1);
}

static int64_t errors_of(const samples *all)
{
    int failed = 0, n = all->n < ENOUGH ? all->n : ENOUGH;
    for (int i = 0; i < n; i++) {
        failed += all->of[i].failed;
    }
    /* As if one more had gone well: one failure alone does not say that all fail. */
    return 1000 * failed / (n + 1);
}

/* What `service` was, the longer ago the less: soon as little as it has been of late, then, in case that the server has become
 * faster than ever, slowly on. */
static double faded(const backhand_meter *meter, int64_t quiet, int64_t patience)
{
    double was = (double)get(&meter->service), halves = (double)(quiet - patience) / (double)patience;
    double best = meter->best == 0 || meter->best > NOISE * was ? was : meter->best;

    return halves > 0 ? fmax(1, fmax(was * exp2(-halves), best * exp2(-halves / LATER))) : was;
}

/* Without samples for long. When much of what they said has faded they do not count any more. */
static void fade(backhand_meter *meter, int64_t quiet, const backhand_patience *patience, backhand_work *out)
{
    double was = (double)get(&meter->service), others = faded(meter, quiet, patience->others);
    double own = patience->own > 0 ? faded(meter, quiet, patience->own) : others;

    if (others < was) {
        out->service = (int64_t)others;
        out->latency = out->service < out->latency ? out->service : out->latency;
        out->parallel = 1000;
    }
    set(&meter->trial, own < was ? (int64_t)own : 0);
    if (2 * fmin(own, others) < was) {
        meter->forgotten = meter->seen;
        meter->faded = (int64_t)fmin(own, others);
        set(&meter->quick, meter->faded);
    }
}

/* Requests that wait with none of them ending tell that they take long; one alone may be one that does. */
static int64_t stalled(const backhand_meter *meter, const backhand_work *work, int64_t now)
{
    int64_t since = within(now - get(&meter->ended), 0, DURATION_MAX), waiting = work->inflight - 1;
    int64_t at_once = (work->parallel + 999) / 1000;

    waiting = waiting < at_once ? waiting : at_once;
    return work->service && waiting > 0 ? since * waiting / USUAL : 0;
}

/* The best service time of the last minutes, from windows that are large enough to be sure. */
static void follow_best(backhand_meter *meter, double service)
{
    double part = service < NOISE * meter->best ? FASTER : SLOWER;
    meter->best += (service - meter->best) * (meter->best == 0 ? 1 : part);
}

/* What the newest samples say, kept for the time when there are none. */
static void learn(backhand_meter *meter, samples *all, int fresh, backhand_work *out)
{
    double service = 0, parallel = (double)out->parallel / 1000, moved, again, factor;
    int window;

    fresh = drop_failed(all, fresh);
    window = window_of(all, parallel, &service);
    if (window == 0) {
        return;
    }
    remember(meter, all, fresh, service);
    moved = backhand_levels_fit(meter->levels, parallel);
    again = service;
    if (moved != parallel) {
        window_of(all, moved, &again);
    }
    factor = again / service;
    backhand_levels_scale(meter->levels, 1 / factor);
    meter->best *= factor;
    if (window >= SURE) {
        follow_best(meter, again);
    }
    if (all->n < FEW && meter->faded > 0) {
        again = (again * all->n + (double)meter->faded) / (all->n + 1);
    }
    out->parallel = within((int64_t)(moved * 1000), 1000, PARALLEL_MAX);
    out->service = within((int64_t)again, 1, DURATION_MAX);
    set(&meter->parallel, out->parallel);
    set(&meter->service, out->service);
    set(&meter->latency, within((int64_t)latency_of(all, window, out), 0, DURATION_MAX));
}

void backhand_meter_read(backhand_meter *meter, int64_t now, const backhand_patience *patience, backhand_work *out)
{
    samples all;
    uint64_t next = __atomic_load_n(&meter->next, __ATOMIC_RELAXED);
    int64_t quiet;

    collect(meter, now, &all);
    out->inflight = within(get(&meter->inflight), 0, INT32_MAX);
    out->served = get(&meter->served);
    out->errors = errors_of(&all);
    if (out->errors == 0) {
        set(&meter->failing, 0);
    }
    out->errors = backhand_meter_errors(meter, out->errors);
    /* How fast it was is no news any more, that it failed is. */
    all.n = all.remembered;
    out->service = get(&meter->service);
    out->parallel = within(get(&meter->parallel), 1000, PARALLEL_MAX);
    learn(meter, &all, (int)within((int64_t)(next - meter->seen), 0, NEWEST), out);
    meter->seen = next;
    out->latency = get(&meter->latency);
    out->parallel = out->service > 0 ? out->parallel : 0;
    quiet = now - get(&meter->sampled);
    set(&meter->trial, 0);
    if (out->inflight == 0 && out->service > 0) {
        fade(meter, quiet, patience, out);
    }
    out->service = within(stalled(meter, out, now), out->service, DURATION_MAX);
    out->latency = out->latency > out->service ? out->latency : out->service;
    set(&meter->looked, out->inflight);
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
