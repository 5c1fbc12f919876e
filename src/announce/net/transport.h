/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file transport.h
 * @brief Sends and receives announcements by UDP. Core: no httpd. Only the moderator process uses it.
 */
#ifndef BACKHAND_TRANSPORT_H
#define BACKHAND_TRANSPORT_H

#include "announce/net/destination.h"
#include "announce/wire/message.h"

#include <apr_network_io.h>

typedef struct backhand_transport backhand_transport;

/** Called for each datagram. A `length` of BACKHAND_MESSAGE_SIZE means that it was that long or longer. `listener_id`
 * stands for the socket that received it, for the functions below. */
typedef void (*backhand_receive_fn)(void *ctx, const char *data, apr_size_t length, apr_sockaddr_t *sender,
                                    int listener_id);

/**
 * Opens sockets for all destinations (array of backhand_destination, which must live as long as the transport).
 * Clearing `p` closes them. A group is joined on the interface of `from`; without `from`, where the kernel's route
 * leads; without a route, on the interface of `via`. A socket for unicast is bound to `from`; without `from`, to the
 * wildcard address, for a name in both families. Only groups and broadcast addresses are shared with other servers of
 * this machine. Unicast is sent from the socket that listens for it. A name gets announcements once
 * backhand_transport_name() has given its addresses; before that the transport does not listen on the ports of SRV
 * records. Without destinations the transport sends and receives nothing.
 * @param problem  may be NULL; the other sockets still work
 * @return APR_SUCCESS, or the last error when there are destinations and not one socket could be opened.
 *         `transport` is made in any case
 */
apr_status_t backhand_transport_open(backhand_transport **transport, const apr_array_header_t *destinations,
                                     backhand_problem_fn problem, void *ctx, apr_pool_t *p);

struct backhand_found;

/**
 * Replaces the addresses of a destination that is a name. Allocates nothing.
 * @return 1 if there is a new address
 */
int backhand_transport_name(backhand_transport *transport, const backhand_destination *name,
                            const struct backhand_found *found, backhand_problem_fn problem, void *ctx);

/** Tries again to open the sockets that could not be opened. Allocates nothing. @return the number of problems left */
int backhand_transport_repair(backhand_transport *transport, backhand_problem_fn problem, void *ctx);

/** Opens the sockets of groups and broadcast addresses anew when this machine's interfaces, addresses or routes say
 * that datagrams to them leave by another way than before. Datagrams that wait in these sockets are lost. Allocates
 * nothing.
 * @return 1 if there was a change */
int backhand_transport_follow(backhand_transport *transport, backhand_problem_fn problem, void *ctx);

/** Sends one datagram to each destination. Never waits: a datagram for which the kernel has no room is lost.
 * @return APR_SUCCESS or the last error; `failed`, which may be NULL, gets that destination */
apr_status_t backhand_transport_send(backhand_transport *transport, const char *data, apr_size_t length,
                                     const backhand_destination **failed);

/** True if the destinations reach the server from whose address a datagram came to `listener_id`: either the datagram
 * was sent to a group or broadcast address, or there is a destination with that address and the port of that listener.
 */
int backhand_transport_covers(const backhand_transport *transport, int listener_id, const struct sockaddr *address);

/** True if some destination is a group or a broadcast address whose socket is open. */
int backhand_transport_shares(const backhand_transport *transport);

/** Sends one datagram to one address, at the port of `listener_id`; if that fails, it is lost. */
void backhand_transport_answer(backhand_transport *transport, int listener_id, const struct sockaddr *address,
                               const char *data, apr_size_t length);

/** Makes backhand_transport_poll() wait for this descriptor, too. At most two; further ones are ignored. */
void backhand_transport_watch(backhand_transport *transport, int fd);

/** Waits up to `timeout` for `wake_fd` (-1: none) or datagrams. Calls `receive` for every datagram, at most 1,000
 * times.
 * @return APR_SUCCESS, APR_TIMEUP, APR_EINTR, or an error */
apr_status_t backhand_transport_poll(backhand_transport *transport, apr_interval_time_t timeout, int wake_fd,
                                     backhand_receive_fn receive, void *ctx);

/** Finds the address that announcements leave from when none was configured: the kernel's choice for the first
 * destination. `out` gets it, numeric.
 * @return APR_SUCCESS, APR_INCOMPLETE while the address of no name is known, or an error */
apr_status_t backhand_transport_source(backhand_transport *transport, char out[48]);

#endif
