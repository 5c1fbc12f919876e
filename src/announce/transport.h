/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file transport.h
 * @brief UDP: where announcements go and come in. Core: no httpd. Used by the moderator process only.
 */
#ifndef BACKHAND_TRANSPORT_H
#define BACKHAND_TRANSPORT_H

#include "announce/message.h"

#include <apr_network_io.h>
#include <apr_tables.h>

/** One MulticastStats directive. */
typedef struct backhand_destination {
    const char *text;    /**< as configured, for messages */
    const char *address; /**< numeric: multicast group, broadcast or unicast address */
    int port;            /**< 1 to 65535; also listened on */
    int ttl;             /**< 0 to 255, multicast only; default 1 */
    const char *from;    /**< numeric address to send from and, for multicast, whose interface is used; NULL: any */
    int from_port;       /**< port of the contact that the directive gives; 0: none given */
} backhand_destination;

/**
 * Reads the words of a MulticastStats directive, `[myaddr[:port]] dest:port[,ttl]`; `second` may be NULL. An IPv6 address
 * stands in brackets when a port follows. A name is looked up, once, here.
 * @return NULL, or what is wrong and would be right
 */
const char *backhand_destination_parse(backhand_destination *out, const char *first, const char *second, apr_pool_t *p);

typedef struct backhand_transport backhand_transport;

/** Called for each datagram; `length` may be BACKHAND_MESSAGE_SIZE, which means that it was that long or longer. */
typedef void (*backhand_receive_fn)(void *ctx, const char *data, apr_size_t length, apr_sockaddr_t *sender);

/** Gets a text about a socket that could not be opened, or not in full, and the error. */
typedef void (*backhand_problem_fn)(void *ctx, const char *text, apr_status_t rv);

/**
 * Opens sockets for all destinations (array of backhand_destination, which must live as long): one to send from for
 * each, one to listen on for each address and port. They are closed with `p`. A group is joined on the interface of
 * `from`. To hear unicast, `from` is bound, else the wildcard address; only groups and broadcast addresses are shared with
 * other servers of this machine. No destinations: a transport that is silent and hears nothing.
 * @param problem  may be NULL; the other sockets still work
 * @return APR_SUCCESS, or the last error when there are destinations and not one socket could be opened. `transport` is
 *         made in any case
 */
apr_status_t backhand_transport_open(backhand_transport **transport, const apr_array_header_t *destinations,
                                     backhand_problem_fn problem, void *ctx, apr_pool_t *p);

/** Tries again to open what could not be opened. Allocates nothing. @return how many problems are left */
int backhand_transport_repair(backhand_transport *transport, backhand_problem_fn problem, void *ctx);

/** Sends one datagram to each destination, never waiting: what the kernel has no room for is lost, as any datagram may be.
 * @return APR_SUCCESS or the last error; `failed`, which may be NULL, gets that destination */
apr_status_t backhand_transport_send(backhand_transport *transport, const char *data, apr_size_t length,
                                     const backhand_destination **failed);

/** Waits up to `timeout` for `wake_fd` (-1: none) or datagrams, and hands every one that has come, at most 1,000, to `receive`.
 * @return APR_SUCCESS, APR_TIMEUP, APR_EINTR, or an error */
apr_status_t backhand_transport_poll(backhand_transport *transport, apr_interval_time_t timeout, int wake_fd,
                                     backhand_receive_fn receive, void *ctx);

/** The address that announcements leave from (numeric, in `out`), when none was configured: the kernel's choice for the
 * first destination. @return APR_SUCCESS, or an error */
apr_status_t backhand_transport_source(backhand_transport *transport, char out[48]);

#endif
