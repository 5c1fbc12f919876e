/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file tunnel.h
 * @brief Requests that become a tunnel, such as a WebSocket: `Upgrade: websocket` asks for it, response 101 opens it.
 *
 * An open tunnel holds a worker for hours, mostly idle. It does not count as a request in flight.
 */
#ifndef BACKHAND_TUNNEL_H
#define BACKHAND_TUNNEL_H

#include <httpd.h>

/** The protocol that a connection may switch to, if the client asks for it and the server that serves the request
 * agrees. */
#define BACKHAND_TUNNEL_PROTOCOL "websocket"

/** True when the request asks for a tunnel. */
int backhand_tunnel_is_asked(request_rec *r);

/** Calls `opened` once, in the thread of the request, when the response 101 goes to the client. */
void backhand_tunnel_watch(request_rec *r, void (*opened)(void *ctx), void *ctx);

/** Registers the filter. Hook registration time. */
void backhand_tunnel_register(void);

#endif
