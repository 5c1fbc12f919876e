/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file histogram.h
 * @brief Counts times by ranges of fixed bounds. Core: no httpd.
 *
 * Every word is an atomic, so a histogram may stand in shared memory: any thread of any process may add, and nobody
 * waits. A reader may see a time in the sum that is not in a bucket yet, or the other way round.
 */
#ifndef BACKHAND_HISTOGRAM_H
#define BACKHAND_HISTOGRAM_H

#include <stdint.h>

/** Bounds of a histogram, and its buckets: one for each bound, and one for times above the last bound. */
#define BACKHAND_BUCKET_BOUNDS 12
#define BACKHAND_BUCKETS       (BACKHAND_BUCKET_BOUNDS + 1)

/** All 0: no time was added yet. */
typedef struct backhand_histogram {
    int64_t sum;                       /**< of all times, us */
    int64_t buckets[BACKHAND_BUCKETS]; /**< times up to the bound of the same index that are above the bound before */
} backhand_histogram;

/** Bounds for decisions of a chain, us: 1 us to 100 ms. */
extern const int64_t backhand_decision_bounds[BACKHAND_BUCKET_BOUNDS];
/** Bounds for whole requests, us: 1 ms to 10 s. */
extern const int64_t backhand_request_bounds[BACKHAND_BUCKET_BOUNDS];

/** Adds a time, us. A negative time counts as 0. */
void backhand_histogram_add(backhand_histogram *histogram, const int64_t bounds[BACKHAND_BUCKET_BOUNDS], int64_t usec);

/** Copies a histogram that others may change meanwhile. */
void backhand_histogram_read(backhand_histogram *out, const backhand_histogram *histogram);

/** Empties a histogram. A time that is added at the same moment may stay. */
void backhand_histogram_clear(backhand_histogram *histogram);

/** Times in all buckets. `histogram` is a copy, here and below. */
int64_t backhand_histogram_count(const backhand_histogram *histogram);

/**
 * Estimates the time, us, that a share of all times do not exceed: 0.5 for the median. Assumes that the times of a
 * bucket are spread evenly over it. Times above the last bound count as that bound.
 * @param share  above 0, up to 1
 * @return -1 if no time was added
 */
double backhand_histogram_quantile(const backhand_histogram *histogram, const int64_t bounds[BACKHAND_BUCKET_BOUNDS],
                                   double share);

#endif
