/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "load/usual.h"

#include <math.h>

#define MEMORY      512  /* requests that an average remembers */
#define MEMORY_MEAN 256  /* requests that `mean` remembers */
#define FIRST       16   /* the first requests, which do not change the variance */
#define LOW         2    /* a shorter request counts as at most so many standard deviations below the mean */
#define LONG        8    /* a longer request counts as at most so many times the mean, in `mean` */
#define LONGEST     50   /* the same in `steady` and `square` */
#define SMALLEST    0.25 /* the least variance */
#define UNKNOWN     1.5  /* the variance before the first request */
#define VARIED_MAX  20

static double variance_of(const backhand_usual *usual)
{
    double known = usual->count > 0 ? usual->variance : UNKNOWN;
    return known > SMALLEST ? known : SMALLEST;
}

double backhand_usual_spread(const backhand_usual *usual)
{
    return sqrt(variance_of(usual));
}

double backhand_usual_variation(const backhand_usual *usual)
{
    double varied = usual->steady > 0 ? usual->square / (usual->steady * usual->steady) - 1 : 1;
    return varied < 1 ? 1 : varied > VARIED_MAX ? VARIED_MAX : varied;
}

static double smaller(double a, double b)
{
    return a < b ? a : b;
}

/* Adds `value` to a moving mean; it counts as at most `most` times the mean. A mean of 0 has no values yet. */
static double follow(double mean, double value, double most, double weight)
{
    return mean > 0 ? mean + (smaller(value, most * mean) - mean) / weight : value;
}

void backhand_usual_learn(backhand_usual *usual, double log, double slowness)
{
    double usec = exp(log), steady = usec / exp(slowness > 0 ? slowness : 0), rest;

    if (usual->count == 0) {
        usual->variance = UNKNOWN;
        usual->log = log;
    }
    rest = log - usual->log;
    if (usual->count > FIRST) {
        double low = -LOW * backhand_usual_spread(usual);
        rest = rest > low ? rest : low;
        usual->variance += (rest * rest - usual->variance) / MEMORY;
    }
    usual->count++;
    usual->log += rest / smaller(usual->count, MEMORY);
    usual->square = usual->steady > 0 ? follow(usual->square, pow(smaller(steady, LONGEST * usual->steady), 2),
                                               HUGE_VAL, smaller(usual->count, MEMORY))
                                      : steady * steady;
    usual->steady = follow(usual->steady, steady, LONGEST, smaller(usual->count, MEMORY));
    usual->mean = follow(usual->mean, usec, LONG, smaller(usual->count, MEMORY_MEAN));
}
