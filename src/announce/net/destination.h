/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file destination.h
 * @brief Where announcements are sent to, as the directive MulticastStats says. Core: no httpd.
 */
#ifndef BACKHAND_DESTINATION_H
#define BACKHAND_DESTINATION_H

#include <apr_errno.h>
#include <apr_tables.h>

/** One MulticastStats directive. */
typedef struct backhand_destination {
    const char *text;    /**< as configured, for messages */
    const char *address; /**< numeric: multicast group, broadcast or unicast address; NULL: see `name` */
    const char
        *name; /**< looked up while the server runs: all its addresses, or SRV records; NULL: `address` says it */
    int port;  /**< 1 to 65535; also listened on; 0: `name` is one of SRV records, which say the ports */
    int ttl;   /**< 0 to 255, multicast only; default 1 */
    const char *from; /**< numeric address to send from and, for multicast, whose interface is used; NULL: any */
    int from_port;    /**< port of the contact that the directive gives; 0: none given */
    const char *via;  /**< numeric address: its interface is used for a group to which no route leads; NULL: none */
} backhand_destination;

/**
 * Reads the words of a MulticastStats directive, `[myaddr[:port]] dest:port[,ttl]`; `second` may be NULL. An IPv6
 * address stands in brackets when a port follows. `dest` may be a host's name, and without a port the name of SRV
 * records, which begins with `_`; it is not looked up here. A name in the place of `myaddr` is, once.
 * @return NULL, or the error and the right form
 */
const char *backhand_destination_parse(backhand_destination *out, const char *first, const char *second, apr_pool_t *p);

/** The most addresses of all names together. */
#define BACKHAND_NAMED_MAX 256

/** Gets a text about a socket that could not be opened, or not in full, and the error. */
typedef void (*backhand_problem_fn)(void *ctx, const char *text, apr_status_t rv);

#endif
