/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "sim/random.h"

#include <math.h>

void sim_random_seed(backhand_generator *random, uint64_t seed, uint64_t stream)
{
    backhand_generator_begin(random, backhand_random_mix(&seed) ^ backhand_random_mix(&stream));
}

static double draw_normal(backhand_generator *random)
{
    double radius = sqrt(-2 * log(backhand_generator_share(random)));
    return radius * cos(2 * M_PI * backhand_generator_share(random));
}

/* One that ends. */
static double draw_pareto(const sim_spread *spread, backhand_generator *random)
{
    double shape = spread->extra, tail = pow(spread->third, -shape);
    double mean = shape / (shape - 1) * (1 - pow(spread->third, 1 - shape)) / (1 - tail);
    return spread->mean / mean * pow(1 - backhand_generator_share(random) * (1 - tail), -1 / shape);
}

double sim_spread_draw(const sim_spread *spread, backhand_generator *random)
{
    double mean = spread->mean, extra = spread->extra;
    switch (spread->shape) {
    case SIM_EXP:
        return -mean * log(backhand_generator_share(random));
    case SIM_UNIFORM:
        return 2 * mean * backhand_generator_share(random);
    case SIM_PARETO:
        if (spread->third > 1) {
            return draw_pareto(spread, random);
        }
        return mean * (extra - 1) / extra * pow(backhand_generator_share(random), -1 / extra);
    case SIM_LOGNORMAL:
        return mean * exp(extra * draw_normal(random) - extra * extra / 2);
    case SIM_BIMODAL:
        return mean / (1 - extra + extra * spread->third) *
               (backhand_generator_share(random) < extra ? spread->third : 1);
    case SIM_RECIPROCAL:
        return mean / backhand_generator_share(random);
    case SIM_FIXED:
        break;
    }
    return mean;
}

double sim_spread_mean(const sim_spread *spread)
{
    return spread->shape == SIM_RECIPROCAL ? INFINITY : spread->mean;
}
