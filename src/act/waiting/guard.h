/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file guard.h
 * @brief No idle connection keeps a client waiting: prefork and worker.
 *
 * Without an event loop a worker waits for the next request of a kept connection and can serve nobody meanwhile. The
 * guard gives the worker back as soon as a new connection waits and no worker is free to accept it. It closes one
 * idle connection then, as httpd does after KeepAliveTimeout, whether another server keeps that connection for its
 * next hand-off or a client does. Responses that end in such a moment say `Connection: close`.
 *
 * The worker waits on its connection and
 *  - on the sockets that this process listens on, while no worker is free;
 *  - on an alarm that all processes share, while one is. The worker that takes the last free place rings it.
 *
 * Does nothing under the event MPM, nor for a connection that has not had its first request yet, nor for HTTP/2.
 */
#ifndef BACKHAND_GUARD_H
#define BACKHAND_GUARD_H

#include "config/config.h"

/** Makes the alarm. Parent, post_config. @return OK, or an error that is logged */
int backhand_guard_post_config(apr_pool_t *pconf, server_rec *s);

/** Before the headers of a response that another server gave: decides whether they say `Connection: close`. Filters
 * do it for responses of this server. */
void backhand_guard_respond(request_rec *r);

/** Registers the filters and hooks. Hook registration time. */
void backhand_guard_register(void);

#endif
