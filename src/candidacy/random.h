/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file random.h
 * @brief Random numbers for decisions. Core: no httpd.
 */
#ifndef BACKHAND_CANDIDACY_RANDOM_H
#define BACKHAND_CANDIDACY_RANDOM_H

#include <stdint.h>

/** A random number below `bound` (1 to INT32_MAX), all equally likely, from a generator of the calling thread. Not for
 * the parent process: children forked by a thread that has used it draw the same numbers. */
uint32_t backhand_random_below(uint32_t bound);
/** A random number between 0 and 1, neither of them, in steps of 2^-52, from the same generator. */
double backhand_random_share(void);
/** Seeds the calling thread's generator: same seed, same sequence. Without it the system's randomness seeds it. */
void backhand_random_seed(uint64_t seed);

#endif
