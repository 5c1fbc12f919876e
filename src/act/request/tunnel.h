/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file tunnel.h
 * @brief Requests that become a tunnel, as of a WebSocket: asked for by `Upgrade: websocket`, opened by a response 101.
 *
 * An open tunnel holds a worker, mostly idle and for hours. It is no work that a server has in hand.
 */
#ifndef BACKHAND_TUNNEL_H
#define BACKHAND_TUNNEL_H

#include <httpd.h>

/** The protocol that a connection may be switched to if its client and the server that serves it want it. */
#define BACKHAND_TUNNEL_PROTOCOL "websocket"

/** True when the request asks for a tunnel. */
int backhand_tunnel_is_asked(request_rec *r);

/** Calls `opened` once, in the thread of the request, when the response 101 goes to the client. */
void backhand_tunnel_watch(request_rec *r, void (*opened)(void *ctx), void *ctx);

/** Registers the filter. Hook registration time. */
void backhand_tunnel_register(void);

#endif
