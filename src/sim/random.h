/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file random.h
 * @brief The simulator's random numbers: one generator for each purpose, so that every policy gets the same arrivals.
 */
#ifndef BACKHAND_SIM_RANDOM_H
#define BACKHAND_SIM_RANDOM_H

#include "base/random.h"

/** Starts a sequence. `stream` tells sequences of one seed apart. */
void sim_random_seed(backhand_generator *random, uint64_t seed, uint64_t stream);

/** How service times, and what a request needs of memory, are distributed. */
typedef enum sim_shape {
    SIM_FIXED,      /**< always `mean` */
    SIM_EXP,        /**< exponential with that mean */
    SIM_UNIFORM,    /**< from 0 to twice the mean */
    SIM_PARETO,     /**< Pareto with that mean; `extra`: its shape, above 1; `third`: longest by shortest, 0: no end */
    SIM_LOGNORMAL,  /**< log-normal with that mean; `extra` is the standard deviation of the logarithm */
    SIM_BIMODAL,    /**< with that mean; the share `extra` is `third` times longer than the rest */
    SIM_RECIPROCAL, /**< `mean` / u with u uniform on (0,1): it has no mean */
} sim_shape;

typedef struct sim_spread {
    sim_shape shape;
    double mean;
    double extra;
    double third;
} sim_spread;

/** Draws one. Never negative. */
double sim_spread_draw(const sim_spread *spread, backhand_generator *random);
/** The mean of what is drawn; infinity: it has none. */
double sim_spread_mean(const sim_spread *spread);

#endif
