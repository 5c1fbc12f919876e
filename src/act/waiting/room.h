/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file room.h
 * @brief Keeps room for new connections in a process of the event MPM.
 *
 * With this MPM an idle connection holds no worker. But a process stops accepting connections when it has more than its
 * threads plus AsyncRequestWorkerFactor for each idle thread, less one. Threads that wait for other servers are not
 * idle. So kept connections, together with waiting hand-offs, could make a server refuse the requests that other
 * servers wait for. A process keeps a connection, and hands off a request, only if it would still accept a new
 * connection once all requests that it serves itself have ended.
 */
#ifndef BACKHAND_ROOM_H
#define BACKHAND_ROOM_H

#include "config/config.h"

/** Reads AsyncRequestWorkerFactor. Parent, post_config. */
void backhand_room_post_config(apr_pool_t *ptemp);

/** True when this process would accept connections with `waiting` threads that wait for other servers and all other
 * threads idle. Any thread of a child of the event MPM. */
int backhand_room_left(int64_t waiting);

/** Registers the hook that counts connections. Hook registration time. */
void backhand_room_register(void);

#endif
