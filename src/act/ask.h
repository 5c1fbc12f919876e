/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file ask.h
 * @brief Asks one server for a request: carries out the walk's step BACKHAND_STEP_ASK in httpd.
 */
#ifndef BACKHAND_ASK_H
#define BACKHAND_ASK_H

#include "act/proxy/handoff.h"
#include "walk/walk.h"

/** One request and the servers that it is tried at. On the handler's stack. The caller sets `r`, `conf` and `body`; all
 * other fields begin as 0. */
typedef struct backhand_ask {
    request_rec *r;
    const backhand_config *conf;
    backhand_body *body; /**< NULL: the request has none */
    backhand_handoff handoff;
    int prepared;        /**< private: `handoff` has been initialized */
    const char *contact; /**< contact of the server that was asked last, from r->pool; NULL: none was asked */
} backhand_ask;

/** Prepares `handoff`, once. @return 0: httpd does not accept the body */
int backhand_ask_prepare(backhand_ask *ask);

/**
 * Asks the server of the step, within the bounds on waiting requests, and counts the request in the table. A failure is
 * noted for that server and logged.
 * @return how the attempt ended. After BACKHAND_RESULT_ANSWERED the handler returns `handoff.status`
 */
backhand_walk_result backhand_ask_server(backhand_ask *ask, const backhand_step *step);

#endif
