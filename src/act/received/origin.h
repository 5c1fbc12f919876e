/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file origin.h
 * @brief The part of a mark that describes the client's own request to the front server, and its user.
 */
#ifndef BACKHAND_ORIGIN_H
#define BACKHAND_ORIGIN_H

#include <httpd.h>

/** The request as the client sent it to the front server. */
typedef struct backhand_origin {
    apr_sockaddr_t *client; /**< the client's address and port */
    char *client_ip;        /**< the address as text */
    int https;              /**< the client speaks https with the front server */
    int port;               /**< the port that the client asked, 1 to 65535 */
    int no_host;            /**< the request came without a Host header, or with an empty one */
    int empty_host;         /**< the Host header was empty */
    int again;              /**< the request came to the sender with a mark */
    const char *protocol;   /**< `HTTP/1.0` or `HTTP/2.0`; NULL: HTTP/1.1 */
    const char *authority;  /**< text before the path in the request line, such as `http://a.test`; NULL: none */
    const char *connection; /**< the client's Connection header; NULL: none */

    /* Set by backhand_restore(): */
    conn_rec *c;
    /** A copy of `client`. If both pointers were the same, httpd would use the connection's host names for the
     * request. */
    apr_sockaddr_t *shown;
    const char *sender_connection; /**< the Connection header that came from the other server; NULL: none */
} backhand_origin;

/** The user of a request; zeros: unknown. Part of its record, see received.h. */
typedef struct backhand_user {
    const char *name;      /**< from a signed mark; NULL: none */
    const char *auth;      /**< its AUTH_TYPE; NULL: none */
    const char *signature; /**< of the mark */
    apr_time_t stamped;    /**< when the mark was made, by its server's wall clock */
    int judged;            /**< `valid` says whether the mark may name a user */
    int valid;
    int authenticated; /**< on the front server: this server authenticated the client */
} backhand_user;

#endif
