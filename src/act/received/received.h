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

#include "act/received/restore.h"
#include "act/received/user.h"
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

/** The headers as they came: what another server shall get. A table of the caller's. */
apr_table_t *backhand_received_headers(request_rec *r);

/** How long ago the request came, us; 0 for one that was not counted. */
apr_interval_time_t backhand_received_age(const request_rec *r);

/** Another server answers the request, or the client is sent there: it says nothing of this server's speed. */
void backhand_received_elsewhere(const request_rec *r);

/** Another server is asked from now on: the time until it answers is not this server's. */
void backhand_received_leave(const request_rec *r);

/** It is served here, maybe after others were asked in vain. `trial`: this server tries itself out with it. */
void backhand_received_stay(const request_rec *r, int trial);

/** True for a request that another server handed to this one. */
int backhand_received_is(const request_rec *r);

/** What a request that another server handed here came with; NULL for all others. */
backhand_origin *backhand_received_origin(const request_rec *r);

/** What is known of the request's user; NULL for a sub-request, and for one of a server without the module's table. */
backhand_user *backhand_received_user(const request_rec *r);

/** True for a request that came with a header that is not believed. It is handed on as little as one that is. */
int backhand_received_is_doubtful(const request_rec *r);

/** True for a request by which this server checks its own application (BackhandCheck): it is served here. */
int backhand_received_is_check(const request_rec *r);

/** True for a request whose mark, believed or not, says that it had come to its sender with a mark. */
int backhand_received_is_again(const request_rec *r);

/** The server that the request's session was on, and that is given up: the server that serves the request takes the
 * session over. Said by the server that decides, here or in the mark. NULL: none. */
const backhand_contact *backhand_received_lost(const request_rec *r);
void backhand_received_set_lost(const request_rec *r, const backhand_contact *lost);

/** The fields that the request's present attempt sends, see fields.h; NULL: no attempt is under way, or there is no
 * record. */
void backhand_received_set_outgoing(const request_rec *r, const apr_table_t *fields);
const apr_table_t *backhand_received_outgoing(const request_rec *r);

#endif
