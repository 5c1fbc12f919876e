/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file guard.h
 * @brief Closes idle connections when clients wait for a worker: prefork and worker MPM.
 *
 * Without an event loop a worker waits for the next request of a kept connection, and can serve no other client
 * meanwhile. The guard frees a worker as soon as a new connection waits and no worker is free to accept it: it closes
 * one idle connection, as httpd does after KeepAliveTimeout. The connection may be a client's, or one that another
 * server keeps for its next hand-off. Responses that end at such a time say `Connection: close`.
 *
 * A worker with an idle connection waits on this connection and
 *  - on the sockets that this process listens on, while no worker is free;
 *  - on an alarm that all processes share, while a worker is free. The worker that takes the last free place rings it.
 *
 * The guard does nothing under the event MPM, for a connection before its first request, and for HTTP/2.
 */
#ifndef BACKHAND_GUARD_H
#define BACKHAND_GUARD_H

#include "config/config.h"

/** Makes the alarm. Parent, post_config. @return OK, or an error that is logged */
int backhand_guard_post_config(apr_pool_t *pconf, server_rec *s);

/** Decides whether a response from another server says `Connection: close`. Called before its headers are written.
 * Filters do the same for this server's own responses. */
void backhand_guard_respond(request_rec *r);

/** Registers the filters and hooks. Hook registration time. */
void backhand_guard_register(void);

#endif
