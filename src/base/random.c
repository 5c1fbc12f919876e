/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "base/random.h"

uint64_t backhand_random_mix(uint64_t *seed)
{
    uint64_t word = (*seed += UINT64_C(0x9e3779b97f4a7c15));
    word = (word ^ (word >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    word = (word ^ (word >> 27)) * UINT64_C(0x94d049bb133111eb);
    return word ^ (word >> 31);
}

void backhand_generator_begin(backhand_generator *generator, uint64_t seed)
{
    for (int i = 0; i < 4; i++) {
        generator->state[i] = backhand_random_mix(&seed);
    }
}

static uint64_t rotate(uint64_t word, int bits)
{
    return (word << bits) | (word >> (64 - bits));
}

uint64_t backhand_generator_next(backhand_generator *generator)
{
    uint64_t *state = generator->state;
    uint64_t result = rotate(state[1] * 5, 7) * 9, shifted = state[1] << 17;
    state[2] ^= state[0];
    state[3] ^= state[1];
    state[1] ^= state[2];
    state[0] ^= state[3];
    state[2] ^= shifted;
    state[3] = rotate(state[3], 45);
    return result;
}

double backhand_generator_share(backhand_generator *generator)
{
    /* The added half step excludes 0 and 1. */
    return ((double)(backhand_generator_next(generator) >> 12) + 0.5) * 0x1p-52;
}

/* Lemire's method: multiply, and draw again in the few cases that would make some results more likely than others. */
uint32_t backhand_generator_below(backhand_generator *generator, uint32_t bound)
{
    uint64_t product = (backhand_generator_next(generator) >> 32) * bound;
    if ((uint32_t)product < bound) {
        uint32_t uneven = -bound % bound;
        while ((uint32_t)product < uneven) {
            product = (backhand_generator_next(generator) >> 32) * bound;
        }
    }
    return (uint32_t)(product >> 32);
}
