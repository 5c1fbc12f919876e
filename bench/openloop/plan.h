/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file plan.h
 * @brief What arrives when: a Poisson process whose every draw follows from a seed, whatever the servers do.
 */
#ifndef OPENLOOP_PLAN_H
#define OPENLOOP_PLAN_H

#include "base/random.h"
#include "sim/random.h"

#include <stdint.h>

typedef struct plan {
    backhand_generator gaps, demands, targets; /* of their own each, so that none of them shifts another */
    double rate;                               /* arrivals a second */
    sim_spread service;                        /* demands, ms */
    int targets_n;
    int64_t at; /* ns since the beginning, of the arrival made last */
} plan;

typedef struct arrival {
    int64_t at;    /* ns since the beginning */
    double demand; /* ms of work */
    int target;    /* 0 … targets_n - 1, each as likely */
} arrival;

/**
 * Reads how demands are distributed. `text`: the distribution and its numbers, the mean in ms first, as
 * `exponential:20`, `fixed:20`, `bimodal:80:0.05:47.7` (that share is so many times as long as the rest),
 * `lognormal:80:1.5` (sigma), `pareto:80:1.5:1000` (shape, the longest as a multiple of the shortest).
 * @return 0: it is none of these
 */
int plan_read_service(sim_spread *out, const char *text);

/** Begins. The same seed gives the same arrivals, demands and targets. */
void plan_init(plan *p, uint64_t seed, double rate, const sim_spread *service, int targets_n);

/** The next arrival. There is always one. */
arrival plan_next(plan *p);

#endif
