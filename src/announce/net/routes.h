/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file routes.h
 * @brief All routes of a transport, and the sockets on which it listens. Core: no httpd.
 *
 * The addresses of a name may change while the server runs; listeners that are no longer needed are closed then.
 * Unicast is sent from the socket that listens for unicast, so that an answer to its source address arrives. Only for
 * the files of this folder.
 */
#ifndef BACKHAND_ROUTES_H
#define BACKHAND_ROUTES_H

#include "announce/net/socket.h"

typedef struct backhand_routes {
    const apr_array_header_t *destinations; /**< backhand_destination */
    int count, max;
    backhand_route *route; /**< [max]; the first `count` are in use, in the order of the destinations */
    int capacity;
    backhand_listener *listener; /**< [capacity]; an entry does not move while it is in use (`used`) */
} backhand_routes;

/** Counts and reports problems. */
typedef struct backhand_problems {
    backhand_problem_fn problem; /**< may be NULL */
    void *ctx;
    apr_status_t last;
    int count;
} backhand_problems;

/** Makes the routes to numeric destinations; opens no socket. */
void backhand_routes_make(backhand_routes *routes, const apr_array_header_t *destinations, backhand_problems *problems,
                          apr_pool_t *p);

/** Replaces the addresses of a name; opens no socket. Leaves out addresses of a family other than that of `from`, and
 * addresses for which there is no room. @return 1 if there is a new address */
int backhand_routes_replace(backhand_routes *routes, const backhand_destination *config, const backhand_address *to,
                            int count);

/** Opens the sockets that are not open. */
void backhand_routes_repair(backhand_routes *routes, backhand_problems *problems);

/** Opens the sockets of a group or broadcast address anew, and joins the group there, when datagrams to it leave by
 * another interface or from another address than before. A network that was detached and attached again is another
 * interface, too. While nothing can leave, the sockets stay. Costs some system calls for each such destination.
 * @return 1 if there was a change */
int backhand_routes_follow(backhand_routes *routes, backhand_problems *problems);

void backhand_routes_close(backhand_routes *routes);

/** The socket to send from; -1: none. */
int backhand_route_sender(const backhand_route *route);

#endif
