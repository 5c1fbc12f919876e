/* Licensed to the public under the terms of Perl itself or of the Apache License 2.0; see the file LICENSE. */

/**
 * @file policy.h
 * @brief Calls a policy written in Perl: takes a list of ids, returns a checked list of ids, and throws nothing.
 */
#ifndef BACKHAND_POLICY_H
#define BACKHAND_POLICY_H

#include "limit.h"
#include "mod_backhand.h"

/** Size of the logged text: the error that the policy died with, or the value that it returned. */
#define POLICY_TEXT_SIZE 400

typedef enum policy_outcome {
    POLICY_OK,         /**< `ids` holds the ids that it returned */
    POLICY_UNDEFINED,  /**< there is no such function or method */
    POLICY_DIED,       /**< `text` is the error */
    POLICY_EXITED,     /**< it called exit */
    POLICY_STOPPED,    /**< it passed a bound; `limit` says which */
    POLICY_WRONG,      /**< it returned no reference to an array; `text` is the value */
    POLICY_PASSED_OVER /**< it was not called: no interpreter was free */
} policy_outcome;

/** Input and output of one call. The caller owns all memory. */
typedef struct policy_call {
    const char *name;     /**< `Package::function` or `Package->method` */
    const char **words;   /**< further arguments */
    int n_words;          /**< 0 or more */
    request_rec *request; /**< `$r` */
    const int *given;     /**< ids in the list that it gets */
    int n_given;
    apr_interval_time_t timeout; /**< us; 0: none */

    int room;       /**< out: ids are below this number, and `ids` and `seen` have that many places */
    int *ids;       /**< out: valid ids, each once; only with POLICY_OK */
    char *seen;     /**< zeroed by the caller */
    int n;          /**< out */
    int strangers;  /**< out: entries dropped because they are no ids */
    int duplicates; /**< out: entries dropped as repeated */
    int unseen;     /**< out: 1 if the list was longer than twice `room`; the rest was not read */
    policy_outcome outcome;
    policy_limit limit; /**< out: its time */
    char text[POLICY_TEXT_SIZE];
} policy_call;

/** Calls the policy in this interpreter, within the bounds of limit.h. Restores `$@`, `$_`, the selected file handle
 * and errno. */
void policy_run(pTHX_ policy_call *call);

/** True when the function or method exists in this interpreter. A method that AUTOLOAD would answer counts as existing.
 * Runs no code of the policy. */
int policy_defined(pTHX_ const char *name);

/** Loads the classes that give `$r` its methods, once for an interpreter and its clones.
 * @return for policy_run(): the function by which it calls policies */
SV *policy_prepare(pTHX);

#endif
