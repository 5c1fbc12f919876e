/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file estimate.h
 * @brief Another server, or this one, as it is thought to be now, from all that is known of it. Core: no httpd.
 *
 * Requests in its hands: what it said last, less those of ours that it had then, plus those of ours that it has now,
 * plus half of those that we have sent since, for what the others will have sent it.
 *
 * How slow it is: speeds are compared with one *reference*, the one of those looked at that most is known of. A
 * difference counts by what it exceeds its own error, three standard errors and 10 %. So equal servers are exactly
 * equal, and noise between two others decides nothing. Of a server that says nothing of its speed lately the mean that
 * it said before counts, less surely; one of which nothing was ever known is as the reference.
 */
#ifndef BACKHAND_ESTIMATE_H
#define BACKHAND_ESTIMATE_H

#include "table/table.h"

/** A server as it is thought to be now. */
typedef struct backhand_estimate {
    double inflight; /**< requests in its hands, without the one that is decided on */
    double parallel; /**< requests that have a place there; 1 or more */
    double service;  /**< us, the mean of its requests; 0: not known */
    double log;      /**< mean of ln(us); means something when there are 3 samples or more */
    double samples;  /**< that say so */
    double spread;   /**< standard deviation of ln(us) */
    double known;    /**< samples, calm ones four times: how much is known of it */
    double stall;    /**< factor by which it is slower now; 1 or more */
    double burden;   /**< factor for its errors; 1 or more */
    double hop;      /**< us, for sending a request there; 0 for this server */
} backhand_estimate;

/** Estimates server `id`. Any process, any thread; allocates nothing. `now`: the table's clock, us. */
void backhand_estimate_make(backhand_estimate *out, const backhand_table *table, int id, apr_time_t now);

/** The one of `n`, 1 or more, that most is known of; the last of all rather than another one. */
const backhand_estimate *backhand_estimate_reference(const backhand_estimate *of, int n);

/** By how much it is slower than the reference, in the logarithm: 0 unless that is sure. Its stall does not count. */
double backhand_estimate_slower(const backhand_estimate *estimate, const backhand_estimate *reference);

/** Us that the reference takes for a request on the average; 0.1 s when that is not known. */
double backhand_estimate_usual(const backhand_estimate *reference);

/** The part of a queue that the next request meets, as a multiple of a request's time there: 0 with a free place. */
double backhand_estimate_queue(const backhand_estimate *estimate);

/** The factor for a share of errors, 0 to 1: the square of the tries until one succeeds. */
double backhand_estimate_burden(double errors);

#endif
