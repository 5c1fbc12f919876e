/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file decide.h
 * @brief The rule: stay at home unless a hand-off surely gains. Core: no httpd; pure.
 *
 * A request stays here while this server has a free place and is not surely slower than others. Else it goes to the one
 * of three acceptable servers where it will most likely be over first. Acceptable is who gains more than 5 % of a
 * request's time. No more than three are looked at, in random order, so that many servers with the same old figures do
 * not all send to the same one.
 *
 * The time at a server is s r b (1 + q) + h: s a request's time at the reference of estimate.h, r how many times slower
 * the server is, with its stall, b its burden for errors, q its queue (0 with a free place, and then linear whatever
 * the distribution), h the hop.
 */
#ifndef BACKHAND_DECIDE_H
#define BACKHAND_DECIDE_H

#include "candidacy/estimate.h"

/** Others that are looked at, at most. */
#define BACKHAND_OTHERS 8
/** Of them, that are acceptable. */
#define BACKHAND_ACCEPTED 3

typedef struct backhand_contest {
    backhand_estimate of[BACKHAND_OTHERS + 1]; /**< the others in random order, then, with `here`, this server */
    int others;
    int here;    /**< this server may serve it */
    double bias; /**< us, its advantage */
} backhand_contest;

typedef struct backhand_verdict {
    int best[BACKHAND_ACCEPTED]; /**< places in `of` of the acceptable others, the best first */
    int n;                       /**< 0: it stays here, or nobody is left */
    double
        gap;  /**< by how much faster than this server the best one is, in the logarithm, errors counted as slowness */
    int free; /**< this server has a free place */
} backhand_verdict;

void backhand_decide(backhand_verdict *out, const backhand_contest *contest);

/** True when `there` (us) is so much less than `here` that it is worth it. `calm`: us that a request takes here without
 * queue and errors. */
int backhand_decide_gains(double here, double there, double calm);

#endif
