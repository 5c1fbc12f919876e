/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "base/histogram.h"

const int64_t backhand_decision_bounds[BACKHAND_BUCKET_BOUNDS] = {1,   2,   5,   10,   20,    50,
                                                                  100, 200, 500, 1000, 10000, 100000};

const int64_t backhand_request_bounds[BACKHAND_BUCKET_BOUNDS] = {1000,   2500,   5000,   10000,   25000,   50000,
                                                                 100000, 250000, 500000, 1000000, 2500000, 10000000};

void backhand_histogram_add(backhand_histogram *histogram, const int64_t bounds[BACKHAND_BUCKET_BOUNDS], int64_t usec)
{
    int i = 0;

    while (i < BACKHAND_BUCKET_BOUNDS && usec > bounds[i]) {
        i++;
    }
    __atomic_fetch_add(&histogram->buckets[i], 1, __ATOMIC_RELAXED);
    if (usec > 0) {
        __atomic_fetch_add(&histogram->sum, usec, __ATOMIC_RELAXED);
    }
}

void backhand_histogram_read(backhand_histogram *out, const backhand_histogram *histogram)
{
    out->sum = __atomic_load_n(&histogram->sum, __ATOMIC_RELAXED);
    for (int i = 0; i < BACKHAND_BUCKETS; i++) {
        out->buckets[i] = __atomic_load_n(&histogram->buckets[i], __ATOMIC_RELAXED);
    }
}

void backhand_histogram_clear(backhand_histogram *histogram)
{
    __atomic_store_n(&histogram->sum, 0, __ATOMIC_RELAXED);
    for (int i = 0; i < BACKHAND_BUCKETS; i++) {
        __atomic_store_n(&histogram->buckets[i], 0, __ATOMIC_RELAXED);
    }
}

int64_t backhand_histogram_count(const backhand_histogram *histogram)
{
    int64_t count = 0;
    for (int i = 0; i < BACKHAND_BUCKETS; i++) {
        count += histogram->buckets[i];
    }
    return count;
}

double backhand_histogram_quantile(const backhand_histogram *histogram, const int64_t bounds[BACKHAND_BUCKET_BOUNDS],
                                   double share)
{
    int64_t count = backhand_histogram_count(histogram);
    double rank = share * (double)count, before = 0;

    if (count <= 0) {
        return -1;
    }
    for (int i = 0; i < BACKHAND_BUCKET_BOUNDS; i++) {
        double here = (double)histogram->buckets[i];
        if (here > 0 && before + here >= rank) {
            double low = i > 0 ? (double)bounds[i - 1] : 0;
            return low + ((double)bounds[i] - low) * (rank - before) / here;
        }
        before += here;
    }
    return (double)bounds[BACKHAND_BUCKET_BOUNDS - 1];
}
