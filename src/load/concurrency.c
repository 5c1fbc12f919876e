/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "load/concurrency.h"

#include <math.h>

#define SINGLE    16   /* each level up to this has an entry of its own */
#define GROUP     0.17 /* higher levels share entries: the width of one, as a difference of logarithms */
#define HEAVIEST  1024 /* the most requests that the mean of a level remembers */
#define SEEN      3    /* a level counts as seen after more requests than this */
#define TOLERANCE 3    /* how much worse than the best a fit may be: sum of squares, in variances */
#define CHOICES   64   /* the most values of `parallel` that are tried */
#define FINE      10   /* every whole number up to this is tried */
#define COARSER   1.1  /* beyond FINE: factor from one value to the next */

static int group_of(int level)
{
    int group = level <= SINGLE ? level - 1 : SINGLE + (int)(log((double)level / SINGLE) / GROUP);
    return group < 0 ? 0 : group < BACKHAND_CONCURRENCY_LEVELS ? group : BACKHAND_CONCURRENCY_LEVELS - 1;
}

static double level_of(int group)
{
    return group < SINGLE ? group + 1 : SINGLE * exp((group - SINGLE + 0.5) * GROUP);
}

void backhand_concurrency_learn(backhand_concurrency_level levels[BACKHAND_CONCURRENCY_LEVELS], int level, double log)
{
    backhand_concurrency_level *at = &levels[group_of(level)];
    at->weight = at->weight < HEAVIEST ? at->weight + 1 : HEAVIEST;
    at->log += (log - at->log) / at->weight;
}

/* The weighted sum of squared residuals of the levels up to `top`, for the steepness that fits best. Each steepness
 * needs only the same few sums, over y, the mean logarithm of a level, and f, the logarithm of its contention. */
static double squares(const backhand_concurrency_level levels[BACKHAND_CONCURRENCY_LEVELS],
                      const double logs[BACKHAND_CONCURRENCY_LEVELS], int top, double parallel)
{
    static const double steepness[] = {1, 1.5, 2.2, 3.2};
    double w = 0, y = 0, f = 0, yy = 0, ff = 0, fy = 0, least = HUGE_VAL, from = log(parallel);

    for (int i = 0; i <= top; i++) {
        double weight = levels[i].weight, rises = logs[i] > from ? logs[i] - from : 0;
        w += weight;
        y += weight * levels[i].log;
        f += weight * rises;
        yy += weight * levels[i].log * levels[i].log;
        ff += weight * rises * rises;
        fy += weight * rises * levels[i].log;
    }
    if (w <= 0) {
        return 0;
    }
    for (int i = 0; i < 4; i++) {
        double s = steepness[i], rest = yy - y * y / w - 2 * s * (fy - f * y / w) + s * s * (ff - f * f / w);
        least = rest < least ? rest : least;
    }
    return least;
}

static int top_of(const backhand_concurrency_level levels[BACKHAND_CONCURRENCY_LEVELS])
{
    int top = 0;
    for (int i = 0; i < BACKHAND_CONCURRENCY_LEVELS; i++) {
        top = levels[i].weight > SEEN ? i : top;
    }
    return top;
}

void backhand_concurrency_fit(backhand_concurrency *out,
                              const backhand_concurrency_level levels[BACKHAND_CONCURRENCY_LEVELS], double variance)
{
    double how[CHOICES] = {0}, choice[CHOICES] = {0}, logs[BACKHAND_CONCURRENCY_LEVELS], best = HUGE_VAL, highest,
           next = 1;
    int top = top_of(levels), n = 0, largest = 0;

    highest = level_of(top) + (top >= SINGLE ? 0.5 : 0);
    for (int i = 0; i <= top; i++) {
        logs[i] = log(level_of(i));
    }
    do {
        choice[n] = next;
        how[n] = squares(levels, logs, top, choice[n]) / variance;
        best = how[n] < best ? how[n] : best;
        next = next < FINE ? next + 1 : next * COARSER;
    } while (++n < CHOICES && next <= highest);
    for (int i = 0; i < n; i++) {
        largest = how[i] <= best + TOLERANCE ? i : largest;
    }
    out->requests = choice[largest];
    out->knee = largest < n - 1;
    if (!out->knee && out->requests < BACKHAND_PARALLEL_FIRST) {
        out->requests = BACKHAND_PARALLEL_FIRST;
    }
}
