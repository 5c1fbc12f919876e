/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "table/levels.h"

#include <math.h>

#define SINGLE   16     /* levels up to this have a memory of their own */
#define BUCKET   0.2    /* further ones share it with those that differ by less, in the logarithm */
#define HEAVIEST 2048   /* samples that a level remembers */
#define FADING   0.9999 /* what is left of a memory from one look to the next */
#define OUTLIER  4      /* a request counts as this many times the usual at most */
#define STEP     0.1    /* in the logarithm, from one `parallel` that is tried to the next */
#define CHOICES  84
#define PLAIN    1 /* a fit that is better by this, in logarithms of the likelihood, is better */

static int bucket_of(int64_t level)
{
    int bucket = level <= SINGLE ? (int)level - 1 : SINGLE + (int)(log((double)level / SINGLE) / BUCKET);
    return bucket < BACKHAND_LEVELS ? bucket : BACKHAND_LEVELS - 1;
}

/* The middle of a bucket. */
static double level_of(int bucket)
{
    return bucket < SINGLE ? bucket + 1 : SINGLE * exp((bucket - SINGLE + 0.5) * BUCKET);
}

void backhand_levels_age(backhand_level levels[BACKHAND_LEVELS])
{
    for (int i = 0; i < BACKHAND_LEVELS; i++) {
        levels[i].weight *= FADING;
    }
}

void backhand_levels_add(backhand_level levels[BACKHAND_LEVELS], int64_t level, double ratio)
{
    backhand_level *at = &levels[bucket_of(level)];

    ratio = fmin(ratio, OUTLIER * fmax(1, at->ratio));
    at->weight = fmin(at->weight + 1, HEAVIEST);
    at->ratio += (ratio - at->ratio) / at->weight;
}

/* How well the model fits what is remembered: the logarithm of the likelihood for exponential durations, whatever the
 * service time. */
static double fit(const backhand_level levels[BACKHAND_LEVELS], double parallel)
{
    double logs = 0, sum = 0, weights = 0;

    for (int i = 0; i < BACKHAND_LEVELS; i++) {
        const backhand_level *level = &levels[i];
        double crowd = fmax(1, level_of(i) / parallel);
        logs += level->weight * log(crowd);
        sum += level->weight * level->ratio / crowd;
        weights += level->weight;
    }
    return weights > 0 && sum > 0 ? -logs - weights * log(sum / weights) : 0;
}

/* Moves a part of the way to the nearest `parallel` that fits about as well as the best one. What a server has not shown is
 * not expected of it: no choice is above the levels that there were. */
double backhand_levels_fit(const backhand_level levels[BACKHAND_LEVELS], double parallel)
{
    double how[CHOICES], best = fit(levels, parallel), near = 0;
    int choices = 0, top = 0;

    for (int i = 0; i < BACKHAND_LEVELS; i++) {
        top = levels[i].weight > 1 ? i : top;
    }
    for (; choices < CHOICES && exp(choices * STEP) < level_of(top) * 1.1; choices++) {
        how[choices] = fit(levels, exp(choices * STEP));
        best = fmax(best, how[choices]);
    }
    if (fit(levels, parallel) >= best - PLAIN) {
        return parallel;
    }
    for (int i = 0; i < choices; i++) {
        double move = i * STEP - log(parallel);
        if (how[i] >= best - PLAIN && (near == 0 || fabs(move) < fabs(near))) {
            near = move;
        }
    }
    return parallel * exp(near / 2);
}

/* The same times, told in terms of another service time. */
void backhand_levels_scale(backhand_level levels[BACKHAND_LEVELS], double factor)
{
    for (int i = 0; i < BACKHAND_LEVELS; i++) {
        levels[i].ratio *= factor;
    }
}
