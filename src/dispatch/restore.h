/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file restore.h
 * @brief Gives a request that another server handed over the client, scheme, port and virtual host that it came with.
 *
 * Changes the request alone: the connection is the other server's, and its next request may be another client's.
 */
#ifndef BACKHAND_RESTORE_H
#define BACKHAND_RESTORE_H

#include "config.h"

/** What a request came with at the server that the client asked. */
typedef struct backhand_origin {
    apr_sockaddr_t *client; /**< the client's address and port */
    char *client_ip;        /**< the address as text */
    int https;              /**< the client speaks https with that server */
    int port;               /**< the port the client asked, 1 to 65535 */
    conn_rec *connection;   /**< set by backhand_restore() */
} backhand_origin;

/**
 * Restores all of it; hook post_read_request, before other modules look at the request. `origin` lives as long as the
 * request. Picks the virtual host that answers for the request's Host on `origin->port` of this server.
 */
void backhand_restore(request_rec *r, backhand_origin *origin);

/** Hooks http_scheme, default_port and ssl_conn_is_ssl: what restored requests say of themselves. */
void backhand_restore_register(void);

#endif
