/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file socket.h
 * @brief The sockets of transport.h: to send to one destination, and to listen for datagrams. Core: no httpd.
 *
 * All sockets are non-blocking and close-on-exec. Only for the files of this folder.
 */
#ifndef BACKHAND_SOCKET_H
#define BACKHAND_SOCKET_H

#include "announce/net/destination.h"

#include <netinet/in.h>
#include <sys/socket.h>

typedef union backhand_address {
    struct sockaddr sa;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6; /**< its port is at the same place as that of v4 */
} backhand_address;

typedef enum backhand_cast { BACKHAND_UNICAST, BACKHAND_BROADCAST, BACKHAND_GROUP } backhand_cast;

/** A socket to listen on; several destinations may share it. */
typedef struct backhand_listener {
    backhand_address at;
    backhand_cast cast; /**< kind of address to which the datagrams are sent: one server, broadcast, or a group */
    int fd;             /**< -1: not open */
    int shared;         /**< 1: other sockets of this machine may have the same address and port */
    int optional;       /**< 1: it is no problem if it cannot be opened */
    int used;           /**< 1: at least one destination needs it */
    const backhand_destination *config; /**< a destination that needs it */
} backhand_listener;

/** Where datagrams to a group or broadcast address leave this machine. */
typedef struct backhand_way {
    backhand_address from; /**< this machine's address; family 0: not known */
    unsigned interface;    /**< the interface with that address */
} backhand_way;

/** The route to one destination, or to one address of a name. */
typedef struct backhand_route {
    const backhand_destination *config;
    backhand_address to;
    backhand_address from; /**< family 0: any */
    backhand_address via;  /**< groups without `from`: address of the interface; family 0: the kernel's choice */
    unsigned interface;    /**< IPv6 groups: index of the interface; 0: the kernel's choice */
    backhand_cast cast;
    int fd;           /**< to send to groups and broadcast addresses, and if `hears` cannot send; -1: not open */
    int joined;       /**< 1: a group, and `hears` has joined it */
    backhand_way way; /**< when its sockets were opened */
    backhand_listener *hears;
} backhand_route;

socklen_t backhand_address_length(const backhand_address *a);
/** True for the same address and port. */
int backhand_address_same(const backhand_address *a, const backhand_address *b);
int backhand_address_any(const backhand_address *a);

/** Reads a numeric address. @return APR_EINVAL if it is not one */
apr_status_t backhand_address_read(backhand_address *out, const char *text, int port);

/** Makes the route to `to`, an address of `config`; opens no socket.
 * @return APR_EINVAL: `from` is of another family, or not numeric */
apr_status_t backhand_route_make(backhand_route *route, const backhand_destination *config, const backhand_address *to);

/** Opens the socket to send from. @return APR_SUCCESS, or the error; then `fd` is -1 */
apr_status_t backhand_route_open(backhand_route *route);

/** Joins the group with `hears`, which must be open. */
apr_status_t backhand_route_join(backhand_route *route);

/** The listener for datagrams to this destination; its socket is not opened here. For a group or broadcast it has that
 * address, so that each of several servers of one machine gets a copy. For unicast it has this server's own address,
 * because only one socket gets a unicast datagram. */
backhand_listener backhand_route_listener(const backhand_route *route);

/** The listener for unicast, at `from`, or, if that is NULL, at the wildcard address of `family`; not opened here. */
backhand_listener backhand_listener_unicast(const backhand_address *from, int family, int port);

/** Allows other sockets to have the same address and port as this open listener. */
void backhand_listener_share(const backhand_listener *listener);

/** Opens the socket to listen on. @return APR_SUCCESS, or the error; then `fd` is -1 */
apr_status_t backhand_listener_open(backhand_listener *listener);

/** Finds out where datagrams would leave at present. @return 0 when nowhere */
int backhand_route_way(const backhand_route *route, backhand_way *way);

/** The address that the kernel sends from. */
apr_status_t backhand_route_source(const backhand_route *route, char out[48]);

#endif
