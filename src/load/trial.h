/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file trial.h
 * @brief How a server that gets no requests because it is slow or fails shows that it is well again.
 *
 * A server that decides on requests of its own keeps one of them now and then, a *trial*: the first after 48 that it
 * has sent away, and then the more seldom the longer it has been so. A server that no
 * client comes to *offers* itself instead: it announces that it could take one request. After each trial it is weighed
 * how much more likely what came of it is of a server as good as the others than of one as bad as before; once that is
 * 20 times as likely after two good ones or more, the server has recovered, and what was before the first good trial is
 * forgotten. While it speaks for a recovery the next trial follows at once. Core: no httpd; atomics in shared memory,
 * any process; all zero at first.
 */
#ifndef BACKHAND_TRIAL_H
#define BACKHAND_TRIAL_H

#include <stdint.h>

typedef struct backhand_trials {
    int64_t bad;       /**< since when requests are sent away for speed or errors alone, us; 0: they are not */
    int64_t sent;      /**< such requests since the last trial */
    int64_t next;      /**< not before this, us */
    int64_t out;       /**< when the trial that is under way began, us; 0: there is none */
    int64_t offers;    /**< 1: the server offers itself now: each request that another server hands here is a trial */
    int64_t gap;       /**< by how much it seems slower than the others, in the logarithm, x 1000 */
    int64_t evidence;  /**< that it is as good as they are: the logarithm of the likelihood ratio x 1000; 0 or more */
    int64_t good;      /**< trials in a row that were good */
    uint64_t first;    /**< place of the first of them */
    int64_t recovered; /**< 1 + `first`, once it is sure, until the reader of the meter has seen it; 0: no */
} backhand_trials;

/** What a trial was like. */
typedef struct backhand_trial_result {
    double log;      /**< of the us that it took */
    double slow;     /**< of the us that it takes a server as slow as this one seems to be */
    double spread;   /**< standard deviation of such logarithms */
    double errors;   /**< share of errors that this server seems to have, 0 to 1 */
    int failed;      /**< it ended with an error */
    uint64_t number; /**< its place in the ring */
} backhand_trial_result;

/** This server would send a request away though it has a free place, because it seems exp(gap) times as slow as
 * another, errors counted as slowness. @return 1 when it shall keep it instead, as a trial */
int backhand_trials_due(backhand_trials *trials, double gap, int64_t now);
/** A request stays that has a free place here: the server is not bad, or not any more. */
void backhand_trials_well(backhand_trials *trials);
/** A trial has ended. */
void backhand_trials_end(backhand_trials *trials, const backhand_trial_result *tried);
/** A trial says nothing: its client went away. */
void backhand_trials_drop(backhand_trials *trials);

#endif
