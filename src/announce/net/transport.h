/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file transport.h
 * @brief Sends and receives announcements by UDP. Core: no httpd. Only the moderator process uses it.
 */
#ifndef BACKHAND_TRANSPORT_H
#define BACKHAND_TRANSPORT_H

#include "announce/wire/message.h"

#include <apr_network_io.h>
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

typedef struct backhand_transport backhand_transport;

/** Called for each datagram. A `length` of BACKHAND_MESSAGE_SIZE means that it was that long or longer. `listener_id`
 * is the socket on which it was heard, for the functions below. */
typedef void (*backhand_receive_fn)(void *ctx, const char *data, apr_size_t length, apr_sockaddr_t *sender,
                                    int listener_id);

/** Gets a text about a socket that could not be opened, or not in full, and the error. */
typedef void (*backhand_problem_fn)(void *ctx, const char *text, apr_status_t rv);

/**
 * Opens sockets for all destinations (array of backhand_destination, which must live as long). They are closed with
 * `p`. A group is joined on the interface of `from`, else where the kernel's route leads, else on that of `via`. A
 * socket for unicast is bound to `from`, else to the wildcard address, for names of both families. Only groups and
 * broadcast addresses are shared with other servers of this machine. Unicast leaves from the socket that listens for
 * it. A name gets announcements once backhand_transport_name() has given its addresses; the ports of SRV records are
 * not listened on before. Without destinations the transport sends and hears nothing.
 * @param problem  may be NULL; the other sockets still work
 * @return APR_SUCCESS, or the last error when there are destinations and not one socket could be opened.
 *         `transport` is made in any case
 */
apr_status_t backhand_transport_open(backhand_transport **transport, const apr_array_header_t *destinations,
                                     backhand_problem_fn problem, void *ctx, apr_pool_t *p);

struct backhand_found;

/**
 * Replaces the addresses of a destination that is a name. Allocates nothing.
 * @return 1 if some address is new
 */
int backhand_transport_name(backhand_transport *transport, const backhand_destination *name,
                            const struct backhand_found *found, backhand_problem_fn problem, void *ctx);

/** Tries again to open the sockets that could not be opened. Allocates nothing. @return how many problems are left */
int backhand_transport_repair(backhand_transport *transport, backhand_problem_fn problem, void *ctx);

/** Sends one datagram to each destination. Never waits: a datagram for which the kernel has no room is lost.
 * @return APR_SUCCESS or the last error; `failed`, which may be NULL, gets that destination */
apr_status_t backhand_transport_send(backhand_transport *transport, const char *data, apr_size_t length,
                                     const backhand_destination **failed);

/** True if the destinations reach the server with that address that was heard at `listener_id`: it was heard by a group
 * or broadcast address, or there is a destination of that address and the port of that listener. */
int backhand_transport_covers(const backhand_transport *transport, int listener_id, const struct sockaddr *address);

/** Sends one datagram to one address, at the port of `listener_id`; if that fails, it is lost. */
void backhand_transport_answer(backhand_transport *transport, int listener_id, const struct sockaddr *address,
                               const char *data, apr_size_t length);

/** Lets backhand_transport_poll wait for this descriptor too; -1: for none. */
void backhand_transport_watch(backhand_transport *transport, int fd);

/** Waits up to `timeout` for `wake_fd` (-1: none) or datagrams. Gives every datagram, at most 1,000, to `receive`.
 * @return APR_SUCCESS, APR_TIMEUP, APR_EINTR, or an error */
apr_status_t backhand_transport_poll(backhand_transport *transport, apr_interval_time_t timeout, int wake_fd,
                                     backhand_receive_fn receive, void *ctx);

/** The address that announcements leave from (numeric, in `out`), when none was configured: the kernel's choice for the
 * first address announced to. @return APR_SUCCESS, APR_INCOMPLETE while no name's address is known, or an error */
apr_status_t backhand_transport_source(backhand_transport *transport, char out[48]);

#endif
