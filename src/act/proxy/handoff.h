/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file handoff.h
 * @brief One request handed to one other server through mod_proxy, and taken back when that fails.
 */
#ifndef BACKHAND_HANDOFF_H
#define BACKHAND_HANDOFF_H

#include "act/proxy/body.h"
#include "act/proxy/workers.h"
#include "walk/result.h"

/** A request on offer to other servers. Lives on the handler's stack. */
typedef struct backhand_handoff {
    request_rec *r;
    backhand_proxy *proxy;
    backhand_body *body; /**< NULL: the request has none */
    int idempotent;      /**< may be sent again after some of it left */
    int status;          /**< what the handler returns after ANSWERED */
    int final;           /**< set by the caller: the response is passed on, whatever its status is */
    int silent;          /**< the server fell silent: after DROPPED, and after ANSWERED within the response */
    const char *trouble; /**< after REFUSED: what was wrong with the server's TLS and what to do; NULL: nothing */
} backhand_handoff;

/** Prepares; changes nothing of the request. Afterwards backhand_body_status() tells whether httpd accepts the body.
 * @param body  NULL: the request has none */
void backhand_handoff_init(backhand_handoff *handoff, request_rec *r, const backhand_config *conf, backhand_body *body);

/** Asks the server that slot `id` had at `generation`. After anything but ANSWERED the request is as it was before,
 * body included, except as said. */
backhand_handoff_result backhand_handoff_attempt(backhand_handoff *handoff, backhand_worker *worker, int id,
                                                 uint64_t generation, const backhand_announcement *announcement);

#endif
