/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file received.h
 * @brief Marked requests: the `Backhand-Proxied` header names the client to the server that receives a hand-off.
 *
 * mark.h describes the header. A mark is believed only on a connection from an address that AcceptStats covers, and
 * with a secret only if it is signed (see mark_signature.h). The header is removed from every request.
 */
#ifndef BACKHAND_RECEIVED_H
#define BACKHAND_RECEIVED_H

#include "act/received/record.h"
#include "config/config.h"

#define BACKHAND_MARK_HEADER "Backhand-Proxied"

/** The header's value for a request that this server hands off, from r->pool. mark_signature.h signs it. */
const char *backhand_received_format(request_rec *r);

/** Hook post_read_request. Takes the header off the request and, if it is believed, restores the client. Keeps a copy
 * of the request's headers. Counts every main request as being served. Runs before mod_remoteip, which then starts from
 * the client's address; before mod_headers, whose early directives could remove the header; and before mod_setenvif. */
int backhand_received_read(request_rec *r);

/** Hook post_read_request, after mod_remoteip: changes the copied headers as mod_remoteip has changed the request's. */
int backhand_received_keep(request_rec *r);

#endif
