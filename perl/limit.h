/* Licensed to the public under the terms of Perl itself or of the Apache License 2.0; see the file LICENSE. */

/**
 * @file limit.h
 * @brief Bounds how long the Perl code of one policy runs, and how deep its calls go.
 *
 * Between begin and end this file's loop runs the interpreter's operations, and reads the clock every few operations.
 * Once a bound is passed, each further operation dies until the call has ended; evals and handlers cannot prevent it.
 * Destructors together get 20 ms more CPU time to release locks and files, but none if calls went too deep. A single
 * operation in C, such as sleep or a regular expression, cannot be stopped; its time is measured.
 */
#ifndef BACKHAND_LIMIT_H
#define BACKHAND_LIMIT_H

#include "mod_perl_api.h"

/** Room for `file line N`, for the log. */
#define POLICY_WHERE_SIZE 200

typedef enum policy_over {
    POLICY_WITHIN = 0, /**< it kept the bounds */
    POLICY_LATE,       /**< it took longer than `timeout` */
    POLICY_DEEP        /**< its calls went too deep */
} policy_over;

/** One call's bounds, on the stack of the thread that makes it. */
typedef struct policy_limit {
    apr_interval_time_t timeout;   /**< in: us; 0: none */
    policy_over over;              /**< out */
    apr_interval_time_t took;      /**< out: us from begin to end */
    apr_interval_time_t longest;   /**< out: us, longest time in which it could not be stopped */
    char where[POLICY_WHERE_SIZE]; /**< out: the statement in which it was stopped; empty: it ended by itself */

    PerlInterpreter *perl; /**< from here on: private */
    struct policy_limit *outer;
    runops_proc_t outer_loop;
    apr_time_t began, looked, stopped, cpu;
    int left;    /**< operations until the next look at the clock; slow operations count more than 1 */
    char *floor; /**< lowest stack address that the thread may use */
} policy_limit;

/** The monotonic clock of this machine, us. */
apr_time_t policy_clock(void);

/** A hash of a policy's name and of the kind of fact that is remembered about it. */
uint64_t policy_hash(const char *name, int kind);

/** Bounds this interpreter's code until policy_limit_end() in the same thread. May be nested. The caller must catch
 * Perl's exceptions from code that runs in between. */
void policy_limit_begin(pTHX_ policy_limit *limit, apr_interval_time_t timeout);

/** Restores the interpreter's own loop. */
void policy_limit_end(pTHX_ policy_limit *limit);

#endif
