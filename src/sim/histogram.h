/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file histogram.h
 * @brief A histogram of times: quantiles exact to 0.1 %, in memory of a fixed size.
 */
#ifndef BACKHAND_SIM_HISTOGRAM_H
#define BACKHAND_SIM_HISTOGRAM_H

#include <stdint.h>

/** Buckets for each doubling of the time. */
#define SIM_HISTOGRAM_STEPS 1024
/** Times up to 2^45 us, a year. */
#define SIM_HISTOGRAM_SIZE (SIM_HISTOGRAM_STEPS * 37)

typedef struct sim_histogram {
    uint64_t counts[SIM_HISTOGRAM_SIZE];
    uint64_t n;
    double sum; /**< us */
} sim_histogram;

/** @param time  us; below 0 counts as 0 */
void sim_histogram_add(sim_histogram *histogram, int64_t time);
/** The time that the share of all stays at or below, us; 0 when there is none. @param share  0 to 1 */
double sim_histogram_quantile(const sim_histogram *histogram, double share);
/** us; 0 when there is none. */
double sim_histogram_mean(const sim_histogram *histogram);

#endif
