/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "plan.h"

#include <math.h>

static uint64_t draw(random_stream *stream)
{
    uint64_t z = stream->state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* In (0, 1), so that its logarithm is finite. */
static double uniform(random_stream *stream)
{
    return ((double)(draw(stream) >> 12) + 0.5) * 0x1p-52;
}

static double exponential(random_stream *stream, double mean)
{
    return -mean * log(uniform(stream));
}

void plan_init(plan *p, uint64_t seed, double rate, double service, int is_exponential, int targets_n)
{
    random_stream seeds = {seed};
    p->gaps.state = draw(&seeds);
    p->demands.state = draw(&seeds);
    p->targets.state = draw(&seeds);
    p->rate = rate;
    p->service = service;
    p->exponential = is_exponential;
    p->targets_n = targets_n;
    p->at = 0;
}

arrival plan_next(plan *p)
{
    arrival next;
    p->at += (int64_t)exponential(&p->gaps, 1e9 / p->rate);
    next.at = p->at;
    next.demand = p->exponential ? exponential(&p->demands, p->service) : p->service;
    next.target = (int)(uniform(&p->targets) * p->targets_n);
    return next;
}
