/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file decide.h
 * @brief The rule: a request stays here unless a hand-off surely saves time. Core: no httpd; pure.
 *
 * A request stays here while this server has a free place and is not surely slower than others. Else the rule takes the
 * first three acceptable servers in random order, and sends the request to the one where it will most likely be served
 * first. A server is acceptable if it saves more than 5 % of a request's time. With only three, servers that decide by
 * the same old figures do not all send to the same server.
 *
 * The time at a server is estimated as s r b (1 + q) + h: s is a request's time at the reference of estimate.h; r is
 * the factor by which the server is slower, its stall included; b is its burden for errors; q is its queue, 0 with a
 * free place; h is the hop.
 */
#ifndef BACKHAND_DECIDE_H
#define BACKHAND_DECIDE_H

#include "candidacy/estimate.h"

/** The most other servers that are compared. */
#define BACKHAND_OTHERS 8
/** The most acceptable servers that are kept. */
#define BACKHAND_ACCEPTED 3

typedef struct backhand_contest {
    backhand_estimate of[BACKHAND_OTHERS + 1]; /**< the others in random order, then, with `here`, this server */
    int others;
    int here;    /**< 1: this server may serve the request */
    double bias; /**< us that are taken from this server's time, to its advantage */
} backhand_contest;

typedef struct backhand_verdict {
    int best[BACKHAND_ACCEPTED]; /**< the acceptable servers, the best first: indexes of `of` */
    int n;                       /**< 0: the request stays here, or no server is left */
    double gap; /**< ln of the factor by which the best server is faster than this one; errors count as slowness */
    int free;   /**< 1: this server has a free place */
} backhand_verdict;

void backhand_decide(backhand_verdict *out, const backhand_contest *contest);

/** The time that the rule expects for the request at server `i` of `of`, us, without the bias. */
double backhand_decide_time(const backhand_contest *contest, int i);

/** The same, compared with that reference. */
double backhand_decide_time_by(const backhand_estimate *of, const backhand_estimate *reference);

/** True when `there` (us) is so much less than `here` (us) that a hand-off is worth it. `calm`: us that a request takes
 * here without a queue and errors. */
int backhand_decide_gains(double here, double there, double calm);

#endif
