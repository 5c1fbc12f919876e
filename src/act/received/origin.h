/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file origin.h
 * @brief What a mark says of a request: what it came with at the server that the client asked, and its user.
 */
#ifndef BACKHAND_ORIGIN_H
#define BACKHAND_ORIGIN_H

#include <httpd.h>

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

/** What a request knows of its user; zeros: nothing. Part of its record, see received.h. */
typedef struct backhand_user {
    const char *name;      /**< from a signed mark; NULL: none */
    const char *auth;      /**< as AUTH_TYPE; or NULL */
    const char *signature; /**< of the mark */
    apr_time_t stamped;    /**< when the mark was made, by its server's wall clock */
    int judged;            /**< `valid` says whether the mark may name a user */
    int valid;
    int authenticated; /**< at the front server: this server asked the client who it is */
} backhand_user;

#endif
