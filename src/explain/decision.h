/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file decision.h
 * @brief Finds out how a request would be decided on, without handing anything off.
 *
 * A sub-request looks the URI up, so the configuration of its place applies, and access control, rewriting and fixups
 * run as for a request. No handler runs. The chain runs in a rehearsal (candidacy/explanation.h), and the walk takes
 * its first step. The thread of the page's request.
 */
#ifndef BACKHAND_EXPLAIN_DECISION_H
#define BACKHAND_EXPLAIN_DECISION_H

#include "candidacy/explanation.h"
#include "config/config.h"
#include "explain/arguments.h"
#include "status/rows.h"
#include "walk/walk.h"

typedef struct backhand_decision {
    request_rec *sub;   /**< destroy it when the page is written */
    const char *exempt; /**< why the module decides nothing, as a sentence; NULL: it decides */
    backhand_explanation explanation;
    backhand_candidates candidates;
    const char *action;     /**< `hand-off`, `serve-here`, `redirect` or `fail` */
    backhand_reason reason; /**< BACKHAND_REASON of the request, if a server that is asked answers */
    int status;             /**< redirect, fail: the response's; else 0 */
    int id;                 /**< hand-off, redirect: the server's entry; else 0 */
    const char *hostname;   /**< its name; NULL: no other server */
    const char *contact;    /**< its contact */
    const char *location;   /**< redirect: where the client is sent; else NULL */
} backhand_decision;

/** Decides on the request that the arguments describe; they have a URI and no error. */
void backhand_decision_make(backhand_decision *out, request_rec *r, const backhand_explain_arguments *about);

/**
 * Why a server was not in the list of the first function, as `drained` or `down: ` and the reason.
 * @return NULL: it was, no function ran, or the list is longer than an explanation records
 */
const char *backhand_decision_absent(const backhand_decision *d, const backhand_row *row, apr_pool_t *p);

#endif
