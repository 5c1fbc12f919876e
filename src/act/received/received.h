/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file received.h
 * @brief Marked requests: the `Backhand-Proxied` header that tells the receiver whom it serves.
 *
 * What the header says is in mark.h. It is honoured only on a connection from an address that AcceptStats covers, and
 * with a secret only when it is signed (see mark_signature.h); taken away from every other request.
 */
#ifndef BACKHAND_RECEIVED_H
#define BACKHAND_RECEIVED_H

#include "act/received/record.h"
#include "config/config.h"

#define BACKHAND_MARK_HEADER "Backhand-Proxied"

/** The header's value for a request that this server hands off. From r->pool. Unsigned, see mark_signature.h. */
const char *backhand_received_format(request_rec *r);

/** Hook post_read_request, before mod_remoteip, which then starts from the client, mod_headers, whose early directives
 * could take the header away, and mod_setenvif: takes the header off the request and, when it is to be trusted,
 * restores the client. Keeps the request's headers as they came. Counts every main request as being served. */
int backhand_received_read(request_rec *r);

/** Hook post_read_request, after mod_remoteip: from the headers as they came, what it took is taken, too. */
int backhand_received_keep(request_rec *r);

#endif
