/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file destination.h
 * @brief Reads MulticastStats: the destinations of announcements. Core: no httpd.
 */
#ifndef BACKHAND_DESTINATION_H
#define BACKHAND_DESTINATION_H

#include <apr_errno.h>
#include <apr_tables.h>

/** One MulticastStats directive. */
typedef struct backhand_destination {
    const char *text;    /**< as configured, for messages */
    const char *address; /**< numeric: multicast group, broadcast or unicast address; NULL: see `name` */
    const char *name;    /**< looked up while the server runs: all its addresses, or SRV records; NULL: see `address` */
    int port;            /**< to send to and to listen on, 1 to 65535; 0: `name` has SRV records with the ports */
    int ttl;             /**< 0 to 255, multicast only; default 1 */
    const char *from;    /**< numeric address to send from; for multicast also selects the interface; NULL: any */
    int from_port;       /**< port of the contact in the directive; 0: none given */
    const char *via;     /**< numeric address; selects the interface for a group without a route; NULL: none */
} backhand_destination;

/**
 * Reads the words of a MulticastStats directive, `[myaddr[:port]] dest:port[,ttl]`; `second` may be NULL. An IPv6
 * address needs brackets when a port follows. `dest` may be a host name, or without a port the name of SRV records,
 * which begins with `_`; it is not looked up here. A name as `myaddr` is looked up here, once.
 * @return NULL, or the error and the right form
 */
const char *backhand_destination_parse(backhand_destination *out, const char *first, const char *second, apr_pool_t *p);

/** The most addresses of all names together. */
#define BACKHAND_NAMED_MAX 256

/** Called with a text and the error for each socket that could not be opened or set up. */
typedef void (*backhand_problem_fn)(void *ctx, const char *text, apr_status_t rv);

#endif
