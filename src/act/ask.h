/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file ask.h
 * @brief Asks one server for a request: what the walk's step BACKHAND_STEP_ASK means in httpd.
 */
#ifndef BACKHAND_ASK_H
#define BACKHAND_ASK_H

#include "act/proxy/handoff.h"
#include "walk/walk.h"

/** A request's tries. On the handler's stack; `r`, `conf` and `body` are set by the caller, all else is 0 at first. */
typedef struct backhand_ask {
    request_rec *r;
    const backhand_config *conf;
    backhand_body *body; /**< NULL: the request has none */
    backhand_handoff handoff;
    int prepared;        /**< private: `handoff` is */
    const char *contact; /**< of the server that was asked last; NULL: none was. From r->pool */
} backhand_ask;

/**
 * Asks the server of the step, within the bounds on requests that wait, and counts it in the table. A server that fails
 * is blamed, and the log hears of it.
 * @return what became of it. After BACKHAND_RESULT_ANSWERED `handoff.status` is what the handler returns
 */
backhand_walk_result backhand_ask_server(backhand_ask *ask, const backhand_step *step);

#endif
