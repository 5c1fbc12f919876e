/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file socket.h
 * @brief The sockets behind transport.h: to one destination, and where its datagrams are heard. Core: no httpd.
 *
 * All are non-blocking and closed at exec. For this room only.
 */
#ifndef BACKHAND_SOCKET_H
#define BACKHAND_SOCKET_H

#include "announce/transport.h"

#include <netinet/in.h>
#include <sys/socket.h>

typedef union backhand_address {
    struct sockaddr sa;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6; /**< its port lies where that of v4 does */
} backhand_address;

typedef enum backhand_cast { BACKHAND_UNICAST, BACKHAND_BROADCAST, BACKHAND_GROUP } backhand_cast;

/** A socket that hears; several destinations may share it. */
typedef struct backhand_listener {
    backhand_address at;
    int fd;     /**< -1: not open */
    int shared; /**< other sockets of this machine may have the same address and port */
} backhand_listener;

/** The way to one destination. */
typedef struct backhand_route {
    const backhand_destination *config;
    backhand_address to;
    backhand_address from; /**< family 0: any */
    unsigned interface;    /**< IPv6 groups: index of the interface; 0: the kernel's choice */
    backhand_cast cast;
    int fd;     /**< to send; -1: not open */
    int joined; /**< a group that `hears` has joined */
    backhand_listener *hears;
} backhand_route;

socklen_t backhand_address_length(const backhand_address *a);
/** True for the same address and port. */
int backhand_address_same(const backhand_address *a, const backhand_address *b);
int backhand_address_any(const backhand_address *a);

/** Reads the addresses of `config` and finds out how they are reached; opens nothing. @return APR_EINVAL: not numeric */
apr_status_t backhand_route_read(backhand_route *route, const backhand_destination *config);

/** Opens the socket to send from. @return APR_SUCCESS, or why `fd` is -1 */
apr_status_t backhand_route_open(backhand_route *route);

/** Lets `hears`, which is open, join the group. */
apr_status_t backhand_route_join(backhand_route *route);

/** Where to listen for what comes to this destination: a group or broadcast address itself, so that each of several servers of
 * one machine gets a copy; for unicast the own address, since only one socket gets that. Not open. */
backhand_listener backhand_route_listener(const backhand_route *route);

/** Opens the socket to listen on. @return APR_SUCCESS, or why `fd` is -1 */
apr_status_t backhand_listener_open(backhand_listener *listener);

/** The address that the kernel sends from. */
apr_status_t backhand_route_source(const backhand_route *route, char out[48]);

#endif
