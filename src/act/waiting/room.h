/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file room.h
 * @brief Room for new connections in a process of the event MPM.
 *
 * An idle connection holds no worker there. But a process accepts no further connection once it has more than its
 * threads and AsyncRequestWorkerFactor for each idle thread, less one. Threads that wait for other servers are not
 * idle. So connections that are kept, together with hand-offs that wait, could shut a server to the requests that
 * others wait for. A process keeps a connection, and hands a request off, only as long as it would still accept a
 * new connection when all requests that it serves itself are done.
 */
#ifndef BACKHAND_ROOM_H
#define BACKHAND_ROOM_H

#include "config/config.h"

/** Reads AsyncRequestWorkerFactor. Parent, post_config. */
void backhand_room_post_config(apr_pool_t *ptemp);

/** True when this process accepts connections while `waiting` of its threads wait for other servers and no other one
 * is busy. Any thread of a child of the event MPM. */
int backhand_room_left(int64_t waiting);

/** Registers the hook that counts connections. Hook registration time. */
void backhand_room_register(void);

#endif
