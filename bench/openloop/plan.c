/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "plan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Name, shape, and the least values of the numbers after it, the mean first. */
static const struct {
    const char *name;
    sim_shape shape;
    int numbers;
    double least[3];
} known[] = {
    {"exponential", SIM_EXP, 1, {0.0, 0.0, 0.0}},    {"fixed", SIM_FIXED, 1, {0.0, 0.0, 0.0}},
    {"bimodal", SIM_BIMODAL, 3, {0.0, 0.0, 1.0}},    {"lognormal", SIM_LOGNORMAL, 2, {0.0, 0.0, 0.0}},
    {"pareto", SIM_PARETO, 3, {0.0, 1.0001, 1.001}},
};

static int read_numbers(const char *text, int n, const double *least, double *out)
{
    for (int i = 0; i < n; i++) {
        char *end;
        if (*text++ != ':') {
            return 0;
        }
        out[i] = strtod(text, &end);
        if (end == text || !(out[i] >= least[i] && out[i] <= 60000.0)) {
            return 0;
        }
        text = end;
    }
    return *text == '\0';
}

int plan_read_service(sim_spread *out, const char *text)
{
    double numbers[3] = {0.0, 0.0, 0.0};
    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
        size_t length = strlen(known[i].name);
        if (strncmp(text, known[i].name, length) == 0 && text[length] == ':') {
            int good = read_numbers(text + length, known[i].numbers, known[i].least, numbers);
            *out = (sim_spread){known[i].shape, numbers[0], numbers[1], numbers[2]};
            return good;
        }
    }
    return 0;
}

void plan_init(plan *p, uint64_t seed, double rate, const sim_spread *service, int targets_n)
{
    sim_random_seed(&p->gaps, seed, 0);
    sim_random_seed(&p->demands, seed, 1);
    sim_random_seed(&p->targets, seed, 2);
    p->rate = rate;
    p->service = *service;
    p->targets_n = targets_n;
    p->at = 0;
}

arrival plan_next(plan *p)
{
    arrival next;
    p->at += (int64_t)(-1e9 / p->rate * log(backhand_generator_share(&p->gaps)));
    next.at = p->at;
    next.demand = sim_spread_draw(&p->service, &p->demands);
    next.target = (int)backhand_generator_below(&p->targets, (uint32_t)p->targets_n);
    return next;
}
