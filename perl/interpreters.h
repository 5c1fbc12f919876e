/* Licensed to the public under the terms of Perl itself or of the Apache License 2.0; see the file LICENSE. */

/**
 * @file interpreters.h
 * @brief The interpreters that policies run in.
 *
 * Under a threaded MPM each child has a few interpreters for policies alone (`BackhandPolicyInterpreters`): the same
 * number for each of mod_perl's pools, cloned from the same interpreter as that pool. So a decision never waits for the
 * application, whose requests may hold all of its interpreters while they sleep. A child makes its interpreters when it
 * starts, after PerlChildInitHandlers, and makes no more later.
 *
 * A request that has been decided on also ends without an interpreter, unless it has PerlCleanupHandlers.
 *
 * If a request already holds an interpreter of the application, its policies run in that one. Under prefork each child
 * has one interpreter for both.
 */
#ifndef BACKHAND_INTERPRETERS_H
#define BACKHAND_INTERPRETERS_H

#include "mod_perl_api.h"

typedef enum interpreter_result {
    INTERPRETER_READY,
    INTERPRETER_BUSY, /**< all were in use for as long as the caller may wait */
    INTERPRETER_NONE  /**< mod_perl has none for this server */
} interpreter_result;

/** One interpreter on loan, on the stack of the thread that borrowed it. */
typedef struct interpreter_loan {
    modperl_interp_t *interp;
    void *context;             /**< private: the thread's interpreter before */
    modperl_config_con_t *con; /**< private: connection that has it meanwhile; NULL unless it is one for policies */
} interpreter_loan;

/** Prepares the children of this configuration. Called in post_config; may be called several times. */
void interpreters_arrange(server_rec *s);

/** Borrows an interpreter for a request, and makes it the thread's. Waits up to `most` us for an interpreter for
 * policies. After INTERPRETER_READY, interpreter_give_back() follows in the same thread. */
interpreter_result interpreter_borrow(interpreter_loan *loan, request_rec *r, apr_interval_time_t most);

/** Gives the interpreter back.
 * @return 1 if the policy left something, such as a pool cleanup, that holds an interpreter for policies until the
 * request ends; else 0 */
int interpreter_give_back(interpreter_loan *loan, request_rec *r);

#endif
