/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file handoff.h
 * @brief Hands one request to one other server through mod_proxy, and takes it back if that fails.
 */
#ifndef BACKHAND_HANDOFF_H
#define BACKHAND_HANDOFF_H

#include "act/proxy/body.h"
#include "act/proxy/workers.h"
#include "walk/result.h"

/** A request that may be handed to other servers. Lives on the handler's stack. */
typedef struct backhand_handoff {
    request_rec *r;
    backhand_proxy *proxy;
    backhand_body *body; /**< NULL: the request has none */
    int idempotent;      /**< may be sent again after a part of it was sent */
    int status;          /**< the handler's result after ANSWERED */
    int final;           /**< set by the caller: the response is passed on whatever its status */
    int silent;          /**< the server fell silent: after DROPPED, and after ANSWERED within the response */
    int opened;          /**< after ANSWERED: a tunnel was open. Its request has been counted as returned, and as of
                          * kind BACKHAND_WAIT_OPEN */
    const char *trouble; /**< after REFUSED: the error of the server's TLS and what to do; NULL: none */
} backhand_handoff;

/** True for methods whose requests may be sent again after a part of them was sent. */
int backhand_handoff_is_repeatable(const request_rec *r);

/** Prepares a hand-off, and changes nothing in the request. Afterwards backhand_body_status() tells whether httpd
 * accepts the body.
 * @param body  NULL: the request has none */
void backhand_handoff_init(backhand_handoff *handoff, request_rec *r, const backhand_config *conf, backhand_body *body);

/** Asks the server that slot `id` had at `generation`. After any result but ANSWERED the request is as before, with its
 * body, unless the result says otherwise. */
backhand_handoff_result backhand_handoff_attempt(backhand_handoff *handoff, backhand_worker *worker, int id,
                                                 uint64_t generation, const backhand_announcement *announcement);

#endif
