/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file plan.h
 * @brief What arrives when: a Poisson process whose every draw follows from a seed, whatever the servers do.
 */
#ifndef OPENLOOP_PLAN_H
#define OPENLOOP_PLAN_H

#include <stdint.h>

/** A stream of pseudo-random numbers (splitmix64). */
typedef struct random_stream {
    uint64_t state;
} random_stream;

typedef struct plan {
    random_stream gaps, demands, targets; /* of their own each, so that none of them shifts another */
    double rate;                          /* arrivals a second */
    double service;                       /* mean demand, ms */
    int exponential;                      /* else all demands are equal */
    int targets_n;
    int64_t at; /* ns since the beginning, of the arrival made last */
} plan;

typedef struct arrival {
    int64_t at;    /* ns since the beginning */
    double demand; /* ms of work */
    int target;    /* 0 … targets_n - 1, each as likely */
} arrival;

void plan_init(plan *p, uint64_t seed, double rate, double service, int exponential, int targets_n);

/** The next arrival. There is always one. */
arrival plan_next(plan *p);

#endif
