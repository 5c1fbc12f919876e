/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file random.h
 * @brief A sequence of random numbers: xoshiro256** by Blackman and Vigna. Not for secrets. Core: no httpd.
 *
 * A sequence belongs to one thread at a time. The same seed gives the same numbers.
 */
#ifndef BACKHAND_BASE_RANDOM_H
#define BACKHAND_BASE_RANDOM_H

#include <stdint.h>

/** All words zero: not seeded; no sequence ever comes to this. */
typedef struct backhand_generator {
    uint64_t state[4];
} backhand_generator;

/** The next number of splitmix64, which makes seeds that differ much out of seeds that differ little. */
uint64_t backhand_random_mix(uint64_t *seed);

/** Begins the sequence of this seed. */
void backhand_generator_begin(backhand_generator *generator, uint64_t seed);

/** 64 random bits. */
uint64_t backhand_generator_next(backhand_generator *generator);

/** More than 0, less than 1, uniform. */
double backhand_generator_share(backhand_generator *generator);

/** 0 to bound - 1, all equally likely. @param bound  1 or more */
uint32_t backhand_generator_below(backhand_generator *generator, uint32_t bound);

#endif
