/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file policy.h
 * @brief One call of a policy written in Perl: the list of ids in, a checked list of ids out, nothing thrown.
 */
#ifndef BACKHAND_POLICY_H
#define BACKHAND_POLICY_H

#include "limit.h"
#include "mod_backhand.h"

/** Room for the text with which a policy died, or that it returned, for the log. */
#define POLICY_TEXT_SIZE 400

typedef enum policy_outcome {
    POLICY_OK,         /**< `ids` holds what it returned */
    POLICY_UNDEFINED,  /**< there is no such function or method */
    POLICY_DIED,       /**< `text` says with what */
    POLICY_EXITED,     /**< it called exit */
    POLICY_STOPPED,    /**< it passed its bounds; `limit` says which */
    POLICY_WRONG,      /**< it returned no reference to an array; `text` says what instead */
    POLICY_PASSED_OVER /**< it was not called: no interpreter was free */
} policy_outcome;

/** Input and output of one call. The caller owns all memory. */
typedef struct policy_call {
    const char *name;     /**< `Package::function` or `Package->method` */
    const char **words;   /**< further arguments */
    int n_words;          /**< 0 or more */
    request_rec *request; /**< `$r` */
    const int *given;     /**< ids handed to it */
    int n_given;
    apr_interval_time_t timeout; /**< us; 0: none */

    int room;       /**< out: ids are below this number, and `ids` and `seen` have that many places */
    int *ids;       /**< out: each valid, none twice; only with POLICY_OK */
    char *seen;     /**< zeroed by the caller */
    int n;          /**< out */
    int strangers;  /**< out: entries dropped because they are no id */
    int duplicates; /**< out: entries dropped because they came before */
    int unseen;     /**< out: 1 if the list was longer than twice `room`; the rest was not read */
    policy_outcome outcome;
    policy_limit limit; /**< out: what it took */
    char text[POLICY_TEXT_SIZE];
} policy_call;

/** Calls the policy in this interpreter, within the bounds of limit.h. Restores `$@`, `$_`, the selected file handle
 * and errno. */
void policy_run(pTHX_ policy_call *call);

/** True when the function or method exists in this interpreter. May run the package's `can`-like AUTOLOAD lookup, no
 * code of the policy. */
int policy_defined(pTHX_ const char *name);

/** Loads, once an interpreter and its clones, the classes whose methods make `$r` whole.
 * @return what policy_run() calls policies by, for itself */
SV *policy_prepare(pTHX);

#endif
