/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file handoff.h
 * @brief One request handed to one other server through mod_proxy, and taken back when that fails.
 */
#ifndef BACKHAND_HANDOFF_H
#define BACKHAND_HANDOFF_H

#include "act/proxy/body.h"
#include "act/proxy/workers.h"

/** How an attempt ended. */
typedef enum backhand_handoff_result {
    BACKHAND_ANSWERED, /**< the response is passed on, or broke off after it began: the request is done */
    BACKHAND_REFUSED,  /**< nothing of the request left: another server can have it */
    BACKHAND_STALE, /**< as DROPPED, on a kept connection, which the server may just have closed: it is not to blame */
    BACKHAND_DROPPED, /**< closed, garbled or gone silent before the response began: another can have what may repeat */
    BACKHAND_BROKEN,  /**< the server answered, and its answer cannot be passed on: 502 */
    BACKHAND_TIMED_OUT, /**< no response within BackhandResponseTimeout: 504 */
    BACKHAND_CLIENT     /**< an error of the client in its body ended the request: nobody is to blame */
} backhand_handoff_result;

/** A request on offer to other servers. Lives on the handler's stack. */
typedef struct backhand_handoff {
    request_rec *r;
    backhand_proxy *proxy;
    backhand_body *body; /**< NULL: the request has none */
    int idempotent;      /**< may be sent again after some of it left */
    int status;          /**< what the handler returns after ANSWERED */
    int silent;          /**< the server fell silent: after DROPPED, and after ANSWERED within the response */
    const char *trouble; /**< after REFUSED: what was wrong with the server's TLS and what to do; NULL: nothing */
} backhand_handoff;

/** Prepares; changes nothing of the request. Afterwards backhand_body_status() tells whether httpd accepts the body.
 * @param body  NULL: the request has none */
void backhand_handoff_init(backhand_handoff *handoff, request_rec *r, const backhand_config *conf, backhand_body *body);

/** Asks the server that slot `id` had at `generation`. After anything but ANSWERED the request is as it was before,
 * body included, except as said. */
backhand_handoff_result backhand_handoff_attempt(backhand_handoff *handoff, backhand_worker *worker, int id,
                                                 uint64_t generation, const backhand_announcement *said);

/** True when another server, or this one, can still have the request after an outcome. */
int backhand_handoff_may_repeat(const backhand_handoff *handoff, backhand_handoff_result result);

#endif
