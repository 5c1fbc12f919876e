/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file trial.h
 * @brief Trials: requests by which a server that is slow or fails, and so gets none, shows that it has recovered.
 *
 * Such a server is called *bad*. If its own clients send it requests, it serves one of them now and then: a *trial*.
 * The first trial comes after it has sent away 48 requests. The longer the server has been bad, the longer the pauses
 * between trials. A server without clients of its own *offers* itself instead: it announces that it could take one
 * request. Each trial gives evidence: how much more likely its result is from a server as good as the others than from
 * one as bad as before. Once recovery is 20 times as likely, after two good trials or more, the server has recovered.
 * Then everything that was measured before the first good trial is forgotten. While the evidence speaks for a recovery,
 * the next trial follows at once. Core: no httpd; atomics in shared memory, any process; all zero at first.
 */
#ifndef BACKHAND_TRIAL_H
#define BACKHAND_TRIAL_H

#include <stdint.h>

typedef struct backhand_trials {
    int64_t bad;    /**< since when this server sends requests away only for its speed or errors, us; 0: not bad */
    int64_t sent;   /**< requests sent away for that reason since the last trial */
    int64_t next;   /**< earliest time of the next trial, us */
    int64_t out;    /**< start of the trial under way, us; 0: there is none */
    int64_t offers; /**< 1: this server offers itself now; each request that another server hands off here is a trial */
    int64_t gap;    /**< ln of the factor by which it seems slower than the others, x 1000 */
    int64_t evidence;  /**< evidence that it is as good as the others: ln of the likelihood ratio, x 1000; 0 or more */
    int64_t good;      /**< good trials in a row */
    uint64_t first;    /**< place in the ring of the first of these */
    int64_t recovered; /**< 1 + `first`: the server has recovered, and the meter was not read since; else 0 */
} backhand_trials;

/** The result of a trial. */
typedef struct backhand_trial_result {
    double log;      /**< ln(its duration in us) */
    double slow;     /**< ln(duration in us) to expect if the server is still as slow as it seems */
    double spread;   /**< standard deviation of ln(duration in us), more than 0 */
    double errors;   /**< share of errors that this server seems to have, 0 to 1 */
    int failed;      /**< 1: the request failed */
    uint64_t number; /**< its place in the ring */
} backhand_trial_result;

/** Copies the trials, each word at once: for questions that shall change nothing. */
void backhand_trials_copy(backhand_trials *out, const backhand_trials *trials);
/** Asks about a request that this server would send away although it has a free place, because it seems exp(gap) times
 * as slow as another server; errors count as slowness. @return 1: serve it here, as a trial; 0: send it away */
int backhand_trials_due(backhand_trials *trials, double gap, int64_t now);
/** Notes that a request with a free place here stays: this server is not bad, or no longer. */
void backhand_trials_well(backhand_trials *trials);
/** Notes the result of a trial. */
void backhand_trials_end(backhand_trials *trials, const backhand_trial_result *tried);
/** Notes that a trial has no result, for example because its client went away. */
void backhand_trials_drop(backhand_trials *trials);

#endif
