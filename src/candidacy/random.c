/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "candidacy/chain.h"

#include <sys/random.h>
#include <unistd.h>

/* xoshiro256** by Blackman and Vigna. All four words zero: not seeded yet, a state that it never reaches. */
static _Thread_local uint64_t state[4];

static uint64_t rotate(uint64_t word, int bits)
{
    return (word << bits) | (word >> (64 - bits));
}

static uint64_t next_word(void)
{
    uint64_t result = rotate(state[1] * 5, 7) * 9, shifted = state[1] << 17;
    state[2] ^= state[0];
    state[3] ^= state[1];
    state[1] ^= state[2];
    state[0] ^= state[3];
    state[2] ^= shifted;
    state[3] = rotate(state[3], 45);
    return result;
}

/* splitmix64, so that seeds that differ little give states that differ much. */
void backhand_random_seed(uint64_t seed)
{
    for (int i = 0; i < 4; i++) {
        uint64_t word = (seed += UINT64_C(0x9e3779b97f4a7c15));
        word = (word ^ (word >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
        word = (word ^ (word >> 27)) * UINT64_C(0x94d049bb133111eb);
        state[i] = word ^ (word >> 31);
    }
}

static int is_seeded(void)
{
    return (state[0] | state[1] | state[2] | state[3]) != 0;
}

static void seed_from_system(void)
{
    if (getrandom(state, sizeof(state), 0) != (ssize_t)sizeof(state) || !is_seeded()) {
        backhand_random_seed((uint64_t)apr_time_now() ^ (uint64_t)(uintptr_t)&state ^ ((uint64_t)getpid() << 40));
    }
}

double backhand_random_share(void)
{
    if (!is_seeded()) {
        seed_from_system();
    }
    /* Half a step keeps 0 and 1 out. */
    return ((double)(next_word() >> 12) + 0.5) * 0x1p-52;
}

/* Lemire's method: multiply, and draw again in the few cases that would make some results likelier. */
uint32_t backhand_random_below(uint32_t bound)
{
    uint64_t product;
    uint32_t uneven;
    if (!is_seeded()) {
        seed_from_system();
    }
    product = (next_word() >> 32) * bound;
    if ((uint32_t)product < bound) {
        uneven = -bound % bound;
        while ((uint32_t)product < uneven) {
            product = (next_word() >> 32) * bound;
        }
    }
    return (uint32_t)(product >> 32);
}
