/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file restore.h
 * @brief Gives a request that another server handed over the client, scheme, port, request line, Connection header and
 * virtual host that it came with.
 *
 * The connection is the other server's, and its next request may be another client's. So what modules find there is
 * changed anew with every request, and put back after its log line: `client_addr` and `client_ip` are the client's,
 * from which CGI's REMOTE_PORT is taken and by which modules such as mod_evasive count clients. The local port is
 * SERVER_PORT with UseCanonicalPhysicalPort.
 */
#ifndef BACKHAND_RESTORE_H
#define BACKHAND_RESTORE_H

#include "config/config.h"

/** What a request came with at the server that the client asked. */
typedef struct backhand_origin {
    apr_sockaddr_t *client; /**< the client's address and port */
    char *client_ip;        /**< the address as text */
    int https;              /**< the client speaks https with that server */
    int port;               /**< the port the client asked, 1 to 65535 */
    int no_host;            /**< the request came without a Host header, or with an empty one */
    int empty_host;         /**< with an empty one */
    int again;              /**< the request had come to its sender with a mark */
    const char *protocol;   /**< `HTTP/1.0` or `HTTP/2.0`; NULL: HTTP/1.1 */
    const char *authority;  /**< what stood before the path in the request line, as `http://a.test`; NULL: nothing */
    const char *connection; /**< the client's Connection header; NULL: none */

    /* Set by backhand_restore(): */
    conn_rec *c;
    /** A copy of `client`: httpd takes the names of a connection for those of a request with the very same pointer. */
    apr_sockaddr_t *shown;
    const char *sender_connection; /**< the Connection header that came from the other server; NULL: none */
} backhand_origin;

/**
 * Restores all of it; hook post_read_request, before other modules look at the request. `origin` lives as long as the
 * request. Picks the virtual host that answers for the request's host on `origin->port` of this server.
 */
void backhand_restore(request_rec *r, backhand_origin *origin);

/** Whether the client of a restored request uses https, 1 or 0; -1: the request came from its client. */
int backhand_restored_https(const request_rec *r);

/** The port of this machine that the connection came to, whatever port the client of its request asked. */
apr_port_t backhand_restored_local_port(const conn_rec *c);

/** Hooks http_scheme, default_port and ssl_conn_is_ssl: what restored requests say of themselves. Hooks
 * pre_read_request and log_transaction: each request finds its own client on the connection, and its log line, too.
 * Before httpd looks at the Connection header for its own connection, it gets that of the connection to the other
 * server. */
void backhand_restore_register(void);

#endif
