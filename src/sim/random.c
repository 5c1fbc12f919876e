/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "sim/random.h"

#include <math.h>

static uint64_t mix(uint64_t *seed)
{
    uint64_t word = (*seed += UINT64_C(0x9e3779b97f4a7c15));
    word = (word ^ (word >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    word = (word ^ (word >> 27)) * UINT64_C(0x94d049bb133111eb);
    return word ^ (word >> 31);
}

void sim_random_seed(sim_random *random, uint64_t seed, uint64_t stream)
{
    uint64_t from = mix(&seed) ^ mix(&stream);
    for (int i = 0; i < 4; i++) {
        random->state[i] = mix(&from);
    }
}

static uint64_t rotate(uint64_t word, int bits)
{
    return (word << bits) | (word >> (64 - bits));
}

/* xoshiro256** by Blackman and Vigna. */
static uint64_t next_word(sim_random *random)
{
    uint64_t *state = random->state;
    uint64_t result = rotate(state[1] * 5, 7) * 9, shifted = state[1] << 17;
    state[2] ^= state[0];
    state[3] ^= state[1];
    state[1] ^= state[2];
    state[0] ^= state[3];
    state[2] ^= shifted;
    state[3] = rotate(state[3], 45);
    return result;
}

double sim_random_share(sim_random *random)
{
    return ((double)(next_word(random) >> 12) + 0.5) * 0x1p-52;
}

uint32_t sim_random_below(sim_random *random, uint32_t bound)
{
    return (uint32_t)(((next_word(random) >> 32) * bound) >> 32);
}

static double draw_normal(sim_random *random)
{
    double radius = sqrt(-2 * log(sim_random_share(random)));
    return radius * cos(2 * M_PI * sim_random_share(random));
}

/* One that ends. */
static double draw_pareto(const sim_spread *spread, sim_random *random)
{
    double shape = spread->extra, tail = pow(spread->third, -shape);
    double mean = shape / (shape - 1) * (1 - pow(spread->third, 1 - shape)) / (1 - tail);
    return spread->mean / mean * pow(1 - sim_random_share(random) * (1 - tail), -1 / shape);
}

double sim_spread_draw(const sim_spread *spread, sim_random *random)
{
    double mean = spread->mean, extra = spread->extra;
    switch (spread->shape) {
    case SIM_EXP:
        return -mean * log(sim_random_share(random));
    case SIM_UNIFORM:
        return 2 * mean * sim_random_share(random);
    case SIM_PARETO:
        if (spread->third > 1) {
            return draw_pareto(spread, random);
        }
        return mean * (extra - 1) / extra * pow(sim_random_share(random), -1 / extra);
    case SIM_LOGNORMAL:
        return mean * exp(extra * draw_normal(random) - extra * extra / 2);
    case SIM_BIMODAL:
        return mean / (1 - extra + extra * spread->third) * (sim_random_share(random) < extra ? spread->third : 1);
    case SIM_RECIPROCAL:
        return mean / sim_random_share(random);
    case SIM_FIXED:
        break;
    }
    return mean;
}

double sim_spread_mean(const sim_spread *spread)
{
    return spread->shape == SIM_RECIPROCAL ? INFINITY : spread->mean;
}
