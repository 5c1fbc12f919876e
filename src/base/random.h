/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file random.h
 * @brief Random numbers: xoshiro256** by Blackman and Vigna. Not for secrets. Core: no httpd.
 *
 * A sequence belongs to one thread at a time. The same seed gives the same numbers.
 */
#ifndef BACKHAND_BASE_RANDOM_H
#define BACKHAND_BASE_RANDOM_H

#include <stdint.h>

/** State of a sequence. All words zero: not seeded; a seeded sequence never reaches this state. */
typedef struct backhand_generator {
    uint64_t state[4];
} backhand_generator;

/** The next number of splitmix64. It turns similar seeds into very different ones. */
uint64_t backhand_random_mix(uint64_t *seed);

/** Begins the sequence of this seed. */
void backhand_generator_begin(backhand_generator *generator, uint64_t seed);

/** 64 random bits. */
uint64_t backhand_generator_next(backhand_generator *generator);

/** A random number, more than 0 and less than 1, uniformly distributed. */
double backhand_generator_share(backhand_generator *generator);

/** A random integer from 0 to bound - 1, all equally likely. @param bound  1 or more */
uint32_t backhand_generator_below(backhand_generator *generator, uint32_t bound);

#endif
