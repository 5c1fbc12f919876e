/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file estimate.h
 * @brief When a server would answer the next request, from all that is known of it now. Core: no httpd.
 *
 * Requests in its hands: what it said last, less those of ours that it had then, plus those of ours that it has now,
 * plus what the others will have sent it since. Of the others nothing newer is known than what the server said; for
 * every request that this server has sent since, each of them is taken to have sent half of one: all of it would
 * drive servers that agree away from a good choice, none of it would send all of them there at once (simulated with 1, 4
 * and 32 of them: between a quarter and the whole it makes little difference).
 *
 * Time to answer: by the model of meter.h, with a stall of our own requests counted as the server counts one of all, plus
 * what a hand-off to it costs; divided by the square of the share of its responses that are no errors, so that a
 * server that fails fast attracts nobody; and more in the first 10 s of a server that has just started.
 */
#ifndef BACKHAND_ESTIMATE_H
#define BACKHAND_ESTIMATE_H

#include "table/table.h"

/** A server as it is thought to be now. */
typedef struct backhand_estimate {
    double inflight; /**< requests in its hands, without the one that is decided on */
    double parallel; /**< requests that it serves at once without getting slower; 1 or more */
    double service;  /**< us, a request without a crowd; 0: not known */
    double latency;  /**< us, as it says, in the present crowd; 0: not known */
    double errors;   /**< share of its responses that are errors, 0 to 0.98 */
    double hop;      /**< us, for sending a request there; 0 for this server */
    double burden;   /**< factor on its time for errors and a young age; 1 or more */
} backhand_estimate;

/** Estimates server `id`. Any process, any thread; allocates nothing. `now`: the table's clock, us. */
void backhand_estimate_make(backhand_estimate *out, const backhand_table *table, int id, apr_time_t now);

/** Us until it would have answered. `usual`: service to assume when it is not known, us. */
double backhand_estimate_usec(const backhand_estimate *estimate, double usual);

/** Requests in its hands without a guess of what others sent: for byPrequal. */
double backhand_estimate_inflight(const backhand_table *table, int id);

#endif
