/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "sim/histogram.h"

#include <math.h>

/* Times below twice the steps have a bucket each; from there on each doubling has as many buckets as steps. */
static int bucket_of(uint64_t time)
{
    int doublings = 0, bucket;
    while (time >= 2 * SIM_HISTOGRAM_STEPS) {
        time /= 2;
        doublings++;
    }
    bucket = doublings * SIM_HISTOGRAM_STEPS + (int)time;
    return bucket < SIM_HISTOGRAM_SIZE ? bucket : SIM_HISTOGRAM_SIZE - 1;
}

/* The middle of the times of a bucket. */
static double time_of(int bucket)
{
    int doublings = bucket < 2 * SIM_HISTOGRAM_STEPS ? 0 : bucket / SIM_HISTOGRAM_STEPS - 1;
    double least = ldexp(bucket - doublings * SIM_HISTOGRAM_STEPS, doublings);
    return least + (ldexp(1, doublings) - 1) / 2;
}

void sim_histogram_add(sim_histogram *histogram, int64_t time)
{
    uint64_t length = time > 0 ? (uint64_t)time : 0;
    histogram->counts[bucket_of(length)]++;
    histogram->n++;
    histogram->sum += (double)length;
}

double sim_histogram_quantile(const sim_histogram *histogram, double share)
{
    double want = ceil(share * (double)histogram->n);
    uint64_t seen = 0;

    for (int bucket = 0; bucket < SIM_HISTOGRAM_SIZE && histogram->n; bucket++) {
        seen += histogram->counts[bucket];
        if (seen > 0 && (double)seen >= want) {
            return time_of(bucket);
        }
    }
    return 0;
}

double sim_histogram_mean(const sim_histogram *histogram)
{
    return histogram->n ? histogram->sum / (double)histogram->n : 0;
}
