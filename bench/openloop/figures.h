/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file figures.h
 * @brief What is known of every request, and what is said of all.
 */
#ifndef OPENLOOP_FIGURES_H
#define OPENLOOP_FIGURES_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

typedef struct sample {
    int64_t planned; /* ns since the beginning */
    int64_t lag;     /* ns from then until it was sent */
    int64_t latency; /* ns from planned until the last byte came; meaningless when it failed */
    char failed;
    char server; /* who served it, 0: unknown */
} sample;

typedef struct figures {
    sample *samples;
    size_t n, room;
    uint64_t asked; /* requests, also those that are not counted */
    uint64_t again; /* times that a client had to turn to another entry */
} figures;

/** Remembers one. Ends the program when there is no memory. */
void figures_add(figures *f, sample s);

void figures_free(figures *f);

/**
 * One line of key=value; times in ms from the planned arrival. Quantiles are over all requests, a failed one being
 * longer than each that was answered and shown as inf; mean, max and answered99, a 99th percentile, are over those
 * that were answered.
 */
void figures_print(figures *f, FILE *out);

/** A line for each second of planned arrivals from `from`, s: second n failed mean p50 p99. */
void figures_timeline(figures *f, int from, int seconds, FILE *out);

#endif
