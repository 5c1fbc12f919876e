/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "announce/net/socket.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Room for the announcements of a few hundred servers while the moderator cannot run. */
#define RECEIVE_BUFFER (1024 * 1024)

/* --- addresses --------------------------------------------------------------------------------------------- */

socklen_t backhand_address_length(const backhand_address *a)
{
    return a->sa.sa_family == AF_INET6 ? sizeof(a->v6) : sizeof(a->v4);
}

static int same_host(const backhand_address *a, const struct sockaddr *b)
{
    backhand_address other;
    if (!b || a->sa.sa_family != b->sa_family || (b->sa_family != AF_INET && b->sa_family != AF_INET6)) {
        return 0;
    }
    memcpy(&other, b, backhand_address_length(a));
    if (b->sa_family == AF_INET) {
        return a->v4.sin_addr.s_addr == other.v4.sin_addr.s_addr;
    }
    return memcmp(&a->v6.sin6_addr, &other.v6.sin6_addr, sizeof(a->v6.sin6_addr)) == 0;
}

int backhand_address_same(const backhand_address *a, const backhand_address *b)
{
    return same_host(a, &b->sa) && a->v4.sin_port == b->v4.sin_port &&
           (a->sa.sa_family != AF_INET6 || a->v6.sin6_scope_id == b->v6.sin6_scope_id);
}

int backhand_address_any(const backhand_address *a)
{
    return a->sa.sa_family == AF_INET6 ? IN6_IS_ADDR_UNSPECIFIED(&a->v6.sin6_addr) : a->v4.sin_addr.s_addr == 0;
}

static int is_group(const backhand_address *a)
{
    return a->sa.sa_family == AF_INET6 ? IN6_IS_ADDR_MULTICAST(&a->v6.sin6_addr)
                                       : IN_MULTICAST(ntohl(a->v4.sin_addr.s_addr));
}

apr_status_t backhand_address_read(backhand_address *out, const char *text, int port)
{
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = SOCK_DGRAM}, *found;
    char service[16];
    snprintf(service, sizeof(service), "%d", port);
    memset(out, 0, sizeof(*out));
    if (getaddrinfo(text, service, &hints, &found) != 0) {
        return APR_EINVAL;
    }
    memcpy(out, found->ai_addr, found->ai_addrlen < sizeof(*out) ? found->ai_addrlen : sizeof(*out));
    freeaddrinfo(found);
    return APR_SUCCESS;
}

static int set(int fd, int level, int option, int value)
{
    return setsockopt(fd, level, option, &value, sizeof(value)) == 0;
}

static int open_socket(int family)
{
    int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0 && family == AF_INET6) {
        set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
    }
    return fd;
}

/* --- routes ------------------------------------------------------------------------------------------------ */

/* True if the kernel has a route to the address. Without a default route it has none to a group. */
static int has_way(const backhand_address *to)
{
    int fd = open_socket(to->sa.sa_family), found;
    found = fd >= 0 && connect(fd, &to->sa, backhand_address_length(to)) == 0;
    if (fd >= 0) {
        close(fd);
    }
    return found;
}

/* Finds out from the interfaces whether the address is a broadcast address, and which interface has `from`. */
static void ask_interfaces(backhand_route *route)
{
    struct ifaddrs *all, *each;
    if (getifaddrs(&all) != 0) {
        return;
    }
    for (each = all; each; each = each->ifa_next) {
        if (each->ifa_flags & IFF_BROADCAST && same_host(&route->to, each->ifa_broadaddr)) {
            route->cast = BACKHAND_BROADCAST;
        }
        if ((route->config->from && same_host(&route->from, each->ifa_addr)) ||
            (route->via.sa.sa_family && same_host(&route->via, each->ifa_addr))) {
            route->interface = if_nametoindex(each->ifa_name);
        }
    }
    freeifaddrs(all);
}

static void choose_interface(backhand_route *route)
{
    const backhand_destination *config = route->config;

    memset(&route->via, 0, sizeof(route->via));
    if (config->from || !config->via || !is_group(&route->to) || has_way(&route->to)) {
        return;
    }
    if (backhand_address_read(&route->via, config->via, 0) != APR_SUCCESS ||
        route->via.sa.sa_family != route->to.sa.sa_family) {
        memset(&route->via, 0, sizeof(route->via));
    }
}

static void classify(backhand_route *route)
{
    uint32_t v4 = ntohl(route->to.v4.sin_addr.s_addr);
    choose_interface(route);
    ask_interfaces(route);
    if (is_group(&route->to)) {
        route->cast = BACKHAND_GROUP;
    }
    else if (route->to.sa.sa_family == AF_INET && (v4 == INADDR_BROADCAST || v4 == (INADDR_LOOPBACK | 0x00ffffff))) {
        route->cast = BACKHAND_BROADCAST;
    }
    if (route->to.sa.sa_family == AF_INET6 && route->to.v6.sin6_scope_id) {
        route->interface = route->to.v6.sin6_scope_id;
    }
    else if (route->to.sa.sa_family == AF_INET6 && IN6_IS_ADDR_MC_LINKLOCAL(&route->to.v6.sin6_addr)) {
        route->to.v6.sin6_scope_id = route->interface;
    }
}

apr_status_t backhand_route_make(backhand_route *route, const backhand_destination *config, const backhand_address *to)
{
    apr_status_t rv = APR_SUCCESS;
    route->to = *to;
    memset(&route->from, 0, sizeof(route->from));
    if (config->from) {
        rv = backhand_address_read(&route->from, config->from, 0);
    }
    if (rv == APR_SUCCESS && config->from && route->from.sa.sa_family != route->to.sa.sa_family) {
        rv = APR_EINVAL;
    }
    route->hears = NULL;
    route->config = config;
    route->cast = BACKHAND_UNICAST;
    route->interface = 0;
    route->fd = -1;
    route->joined = 0;
    memset(&route->way, 0, sizeof(route->way));
    if (rv == APR_SUCCESS) {
        classify(route);
    }
    return rv;
}

/* --- sockets ----------------------------------------------------------------------------------------------- */

/* Closes a socket that cannot be used. @return the error that errno had before */
static apr_status_t give_up(int *fd)
{
    apr_status_t rv = errno;
    if (*fd >= 0) {
        close(*fd);
    }
    *fd = -1;
    return rv;
}

static struct ip_mreqn group_of(const backhand_route *route)
{
    struct ip_mreqn group;
    memset(&group, 0, sizeof(group));
    group.imr_multiaddr = route->to.v4.sin_addr;
    if (route->config->from) {
        group.imr_address = route->from.v4.sin_addr;
    }
    else if (route->via.sa.sa_family) {
        group.imr_address = route->via.v4.sin_addr;
    }
    return group;
}

static int prepare_group(const backhand_route *route, int fd)
{
    if (route->to.sa.sa_family == AF_INET6) {
        return set(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, route->config->ttl) &&
               set(fd, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 1) &&
               (!route->interface || set(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, (int)route->interface));
    }
    if (route->config->from || route->via.sa.sa_family) {
        struct ip_mreqn group = group_of(route);
        if (setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &group, sizeof(group)) != 0) {
            return 0;
        }
    }
    return set(fd, IPPROTO_IP, IP_MULTICAST_TTL, route->config->ttl) && set(fd, IPPROTO_IP, IP_MULTICAST_LOOP, 1);
}

static int prepare(const backhand_route *route, int fd)
{
    return fd >= 0 && (route->cast != BACKHAND_GROUP || prepare_group(route, fd)) &&
           (route->cast != BACKHAND_BROADCAST || set(fd, SOL_SOCKET, SO_BROADCAST, 1)) &&
           (!route->config->from || bind(fd, &route->from.sa, backhand_address_length(&route->from)) == 0);
}

apr_status_t backhand_route_open(backhand_route *route)
{
    route->fd = open_socket(route->to.sa.sa_family);
    return prepare(route, route->fd) ? APR_SUCCESS : give_up(&route->fd);
}

apr_status_t backhand_route_join(backhand_route *route)
{
    int rc;
    if (route->to.sa.sa_family == AF_INET6) {
        struct ipv6_mreq group = {route->to.v6.sin6_addr, route->interface};
        rc = setsockopt(route->hears->fd, IPPROTO_IPV6, IPV6_JOIN_GROUP, &group, sizeof(group));
    }
    else {
        struct ip_mreqn group = group_of(route);
        rc = setsockopt(route->hears->fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &group, sizeof(group));
    }
    /* EADDRINUSE: already joined, because two directives name the same group and interface. */
    route->joined = rc == 0 || errno == EADDRINUSE;
    return route->joined ? APR_SUCCESS : errno;
}

backhand_listener backhand_listener_unicast(const backhand_address *from, int family, int port)
{
    backhand_listener wanted = {.fd = -1, .cast = BACKHAND_UNICAST};
    wanted.at.sa.sa_family = (sa_family_t)family;
    if (from) {
        wanted.at = *from;
    }
    wanted.at.v4.sin_port = htons((in_port_t)port);
    return wanted;
}

backhand_listener backhand_route_listener(const backhand_route *route)
{
    backhand_listener wanted = {.at = route->to, .fd = -1, .cast = route->cast, .shared = 1};
    if (route->cast == BACKHAND_UNICAST) {
        wanted = backhand_listener_unicast(route->config->from ? &route->from : NULL, route->to.sa.sa_family,
                                           ntohs(route->to.v4.sin_port));
    }
    return wanted;
}

void backhand_listener_share(const backhand_listener *listener)
{
    set(listener->fd, SOL_SOCKET, SO_REUSEADDR, 1);
}

apr_status_t backhand_listener_open(backhand_listener *listener)
{
    int size = RECEIVE_BUFFER;
    listener->fd = open_socket(listener->at.sa.sa_family);
    if (listener->fd < 0 || (listener->shared && !set(listener->fd, SOL_SOCKET, SO_REUSEADDR, 1)) ||
        bind(listener->fd, &listener->at.sa, backhand_address_length(&listener->at)) != 0) {
        return give_up(&listener->fd);
    }
    setsockopt(listener->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
    if (listener->at.sa.sa_family == AF_INET) {
        /* Otherwise a wildcard socket would receive datagrams to every group that any process here has joined. */
        set(listener->fd, IPPROTO_IP, IP_MULTICAST_ALL, 0);
    }
    return APR_SUCCESS;
}

static apr_status_t find_source(const backhand_route *route, backhand_address *from)
{
    socklen_t size = sizeof(*from);
    int fd = open_socket(route->to.sa.sa_family);
    memset(from, 0, sizeof(*from));
    if (!prepare(route, fd) || connect(fd, &route->to.sa, backhand_address_length(&route->to)) != 0 ||
        getsockname(fd, &from->sa, &size) != 0) {
        return give_up(&fd);
    }
    close(fd);
    return APR_SUCCESS;
}

apr_status_t backhand_route_source(const backhand_route *route, char out[48])
{
    backhand_address from;
    apr_status_t rv = find_source(route, &from);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    return getnameinfo(&from.sa, backhand_address_length(&from), out, 48, NULL, 0, NI_NUMERICHOST) == 0 ? APR_SUCCESS
                                                                                                        : APR_EINVAL;
}

int backhand_route_way(const backhand_route *route, backhand_way *way)
{
    struct ifaddrs *all, *each;
    memset(way, 0, sizeof(*way));
    if (find_source(route, &way->from) != APR_SUCCESS || getifaddrs(&all) != 0) {
        return 0;
    }
    way->from.v4.sin_port = 0;
    for (each = all; each && !way->interface; each = each->ifa_next) {
        if (same_host(&way->from, each->ifa_addr)) {
            way->interface = if_nametoindex(each->ifa_name);
        }
    }
    freeifaddrs(all);
    return way->interface != 0;
}
