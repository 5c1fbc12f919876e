/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file estimate.h
 * @brief Estimates the present state of a server, another one or this one, from everything known about it. Core: no
 * httpd.
 *
 * Requests in flight: the announced number, minus our own requests that the server had then, plus our own requests that
 * it has now, plus half of those that we have sent since, for the requests of the other servers.
 *
 * Speed: each server is compared with one *reference*, the compared server about which most is known. Only the part of
 * a difference counts that exceeds its error, three standard errors and 10 %. So equal servers get exactly equal
 * estimates, and noise between two servers decides nothing. If a server has not announced its speed lately, the mean
 * duration that it announced before counts, with a larger allowance. A server about which nothing was ever known counts
 * as fast as the reference.
 */
#ifndef BACKHAND_ESTIMATE_H
#define BACKHAND_ESTIMATE_H

#include "candidacy/explanation.h"
#include "table/table.h"

/** The estimated state of a server. */
typedef struct backhand_estimate {
    double inflight; /**< requests in flight, without the one that is decided on */
    double parallel; /**< number of places; 1 or more */
    double places;   /**< of these, those that an order leaves it; 0.01 or more */
    double service;  /**< mean duration of its requests, us; 0: unknown */
    double typical;  /**< exp of the mean of ln(duration in us); valid with 3 samples or more */
    double samples;  /**< samples behind `typical` */
    double spread;   /**< standard deviation of ln(duration in us) */
    double known;    /**< how much is known about it: samples, calm ones counted four times */
    double stall;    /**< factor by which it is slower now; 1 or more */
    double burden;   /**< factor for its errors; 1 or more */
    double hop;      /**< us, for sending a request there; 0 for this server */
} backhand_estimate;

/** Estimates server `id`. Any process, any thread; allocates nothing. `now`: the table's clock, us. */
void backhand_estimate_make(backhand_estimate *out, const backhand_table *table, int id, apr_time_t now);

/** Notes the estimate of server `id` in an explanation. `usec`: the time expected there. */
void backhand_estimate_explain(backhand_explanation *e, int id, const backhand_estimate *of, double usec);

/** The reference: among `n` servers, 1 or more, the one about which most is known; in a tie the last one. */
const backhand_estimate *backhand_estimate_reference(const backhand_estimate *of, int n);

/** How many times as long as at the reference a request takes at the server; 1 unless the difference is sure. Ignores
 * `stall`. */
double backhand_estimate_times(const backhand_estimate *estimate, const backhand_estimate *reference);

/** The mean duration of a request at the reference, us; 0.1 s when it is unknown. */
double backhand_estimate_usual(const backhand_estimate *reference);

/** How long the next request would wait there, as a multiple of a request's duration; 0 with a free place. A server
 * from which an order withholds a share counts as smaller by that share, but has one place at least. */
double backhand_estimate_queue(const backhand_estimate *estimate);

/** The burden for a share of errors, 0 to 1: the square of the mean number of tries until one succeeds. */
double backhand_estimate_burden(double errors);

#endif
