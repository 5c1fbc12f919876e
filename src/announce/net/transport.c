/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "announce/net/transport.h"
#include "announce/net/lookup.h"
#include "announce/net/routes.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#define RECEIVE_MAX 1000
#define WATCHED_MAX 2

struct backhand_transport {
    backhand_routes routes;
    struct pollfd *polled;    /* listeners, then other descriptors */
    int *listener_id;         /* the listener of each entry of `polled` */
    int watched[WATCHED_MAX]; /* see backhand_transport_watch() */
    int watched_count;
};

int backhand_transport_repair(backhand_transport *transport, backhand_problem_fn problem, void *ctx)
{
    backhand_problems problems = {problem, ctx, APR_SUCCESS, 0};
    backhand_routes_repair(&transport->routes, &problems);
    return problems.count;
}

int backhand_transport_name(backhand_transport *transport, const backhand_destination *name,
                            const backhand_found *found, backhand_problem_fn problem, void *ctx)
{
    int more = backhand_routes_replace(&transport->routes, name, found->at, found->count);
    backhand_transport_repair(transport, problem, ctx);
    return more;
}

int backhand_transport_follow(backhand_transport *transport, backhand_problem_fn problem, void *ctx)
{
    backhand_problems problems = {problem, ctx, APR_SUCCESS, 0};
    return backhand_routes_follow(&transport->routes, &problems);
}

static apr_status_t close_all(void *data)
{
    backhand_transport *transport = data;
    backhand_routes_close(&transport->routes);
    return APR_SUCCESS;
}

static int works(const backhand_routes *routes)
{
    int i;
    for (i = 0; i < routes->count; i++) {
        if (backhand_route_sender(&routes->route[i]) >= 0) {
            return 1;
        }
    }
    for (i = 0; i < routes->capacity; i++) {
        if (routes->listener[i].fd >= 0) {
            return 1;
        }
    }
    return 0;
}

apr_status_t backhand_transport_open(backhand_transport **transport, const apr_array_header_t *destinations,
                                     backhand_problem_fn problem, void *ctx, apr_pool_t *p)
{
    backhand_transport *t = *transport = apr_pcalloc(p, sizeof(*t));
    backhand_problems problems = {problem, ctx, APR_SUCCESS, 0};
    backhand_routes_make(&t->routes, destinations, &problems, p);
    t->polled = apr_pcalloc(p, sizeof(*t->polled) * ((size_t)t->routes.capacity + 1 + WATCHED_MAX));
    t->listener_id = apr_pcalloc(p, sizeof(*t->listener_id) * (size_t)t->routes.capacity);
    apr_pool_cleanup_register(p, t, close_all, apr_pool_cleanup_null);
    backhand_routes_repair(&t->routes, &problems);
    return works(&t->routes) ? APR_SUCCESS : problems.last;
}

/* --- sending ----------------------------------------------------------------------------------------------- */

/* True for errors that do not concern the route: nobody listens at the moment, or the kernel has no room. */
static int is_harmless(int error)
{
    return error == EAGAIN || error == ENOBUFS || error == ECONNREFUSED || error == EINTR;
}

apr_status_t backhand_transport_send(backhand_transport *transport, const char *data, apr_size_t length,
                                     const backhand_destination **failed)
{
    apr_status_t rv = APR_SUCCESS;
    int i;
    for (i = 0; i < transport->routes.count; i++) {
        const backhand_route *r = &transport->routes.route[i];
        int fd = backhand_route_sender(r);
        if (fd >= 0 && sendto(fd, data, length, MSG_NOSIGNAL, &r->to.sa, backhand_address_length(&r->to)) < 0 &&
            !is_harmless(errno)) {
            rv = errno;
            if (failed) {
                *failed = r->config;
            }
        }
    }
    return rv;
}

static const backhand_listener *listener_of(const backhand_transport *transport, int listener_id)
{
    const backhand_listener *listener = &transport->routes.listener[listener_id];
    return listener_id >= 0 && listener_id < transport->routes.capacity && listener->used ? listener : NULL;
}

/* Makes an address with the port of the listener; a link-local IPv6 address keeps its link.
 * @return 0 when the address is of another family than the listener */
static int aim(backhand_address *to, const backhand_listener *listener, const struct sockaddr *address)
{
    if (address->sa_family != listener->at.sa.sa_family) {
        return 0;
    }
    memset(to, 0, sizeof(*to));
    memcpy(to, address, address->sa_family == AF_INET6 ? sizeof(to->v6) : sizeof(to->v4));
    to->v4.sin_port = listener->at.v4.sin_port;
    return 1;
}

int backhand_transport_covers(const backhand_transport *transport, int listener_id, const struct sockaddr *address)
{
    const backhand_listener *listener = listener_of(transport, listener_id);
    backhand_address to;
    int i;
    if (!listener || listener->cast != BACKHAND_UNICAST) {
        return listener != NULL;
    }
    if (!aim(&to, listener, address)) {
        return 0;
    }
    for (i = 0; i < transport->routes.count; i++) {
        if (backhand_address_same(&transport->routes.route[i].to, &to)) {
            return 1;
        }
    }
    return 0;
}

int backhand_transport_shares(const backhand_transport *transport)
{
    for (int i = 0; i < transport->routes.count; i++) {
        const backhand_route *route = &transport->routes.route[i];
        if (route->cast != BACKHAND_UNICAST && route->fd >= 0 && route->hears && route->hears->fd >= 0) {
            return 1;
        }
    }
    return 0;
}

/* Finds a socket to answer from: a socket bound to a group or broadcast address cannot send. */
static int answering_socket(const backhand_routes *routes, const backhand_listener *listener)
{
    int i;
    if (listener->cast == BACKHAND_UNICAST) {
        return listener->fd;
    }
    for (i = 0; i < routes->count; i++) {
        if (routes->route[i].hears == listener && routes->route[i].fd >= 0) {
            return routes->route[i].fd;
        }
    }
    return -1;
}

void backhand_transport_answer(backhand_transport *transport, int listener_id, const struct sockaddr *address,
                               const char *data, apr_size_t length)
{
    const backhand_listener *listener = listener_of(transport, listener_id);
    backhand_address to;
    int fd = listener ? answering_socket(&transport->routes, listener) : -1;
    if (fd >= 0 && aim(&to, listener, address)) {
        sendto(fd, data, length, MSG_NOSIGNAL, &to.sa, backhand_address_length(&to));
    }
}

/* --- receiving --------------------------------------------------------------------------------------------- */

static void describe(apr_sockaddr_t *out, const backhand_address *from)
{
    memset(out, 0, sizeof(*out));
    out->family = from->sa.sa_family;
    out->salen = backhand_address_length(from);
    out->port = ntohs(from->v4.sin_port);
    memcpy(&out->sa, from, sizeof(*from));
    out->addr_str_len = INET6_ADDRSTRLEN;
    out->ipaddr_len = sizeof(out->sa.sin.sin_addr);
    out->ipaddr_ptr = &out->sa.sin.sin_addr;
    if (out->family == AF_INET6) {
        out->ipaddr_len = sizeof(out->sa.sin6.sin6_addr);
        out->ipaddr_ptr = &out->sa.sin6.sin6_addr;
    }
}

/* @return 0 when no datagram is left */
static int receive_one(int fd, int listener_id, backhand_receive_fn receive, void *ctx)
{
    char data[BACKHAND_MESSAGE_SIZE + 1];
    backhand_address from;
    apr_sockaddr_t sender;
    socklen_t size = sizeof(from);
    ssize_t length;
    memset(&from, 0, sizeof(from));
    length = recvfrom(fd, data, sizeof(data), 0, &from.sa, &size);
    if (length < 0) {
        return 0;
    }
    describe(&sender, &from);
    receive(ctx, data, length < BACKHAND_MESSAGE_SIZE ? (apr_size_t)length : BACKHAND_MESSAGE_SIZE, &sender,
            listener_id);
    return 1;
}

/* Takes one datagram from each socket in turn, so that a flood on one socket does not block the others. */
static void receive_all(backhand_transport *transport, int n, backhand_receive_fn receive, void *ctx)
{
    struct pollfd *polled = transport->polled;
    int left = RECEIVE_MAX, some = 1, i;
    while (some && left > 0) {
        some = 0;
        for (i = 0; i < n && left > 0; i++) {
            if (!polled[i].revents) {
                continue;
            }
            if (receive_one(polled[i].fd, transport->listener_id[i], receive, ctx)) {
                some = 1;
                left--;
            }
            else {
                polled[i].revents = 0;
            }
        }
    }
}

static int list_listeners(backhand_transport *transport)
{
    int i, n = 0;
    for (i = 0; i < transport->routes.capacity; i++) {
        if (transport->routes.listener[i].fd >= 0) {
            transport->listener_id[n] = i;
            transport->polled[n].fd = transport->routes.listener[i].fd;
            transport->polled[n++].events = POLLIN;
        }
    }
    return n;
}

void backhand_transport_watch(backhand_transport *transport, int fd)
{
    if (transport->watched_count < WATCHED_MAX) {
        transport->watched[transport->watched_count++] = fd;
    }
}

apr_status_t backhand_transport_poll(backhand_transport *transport, apr_interval_time_t timeout, int wake_fd,
                                     backhand_receive_fn receive, void *ctx)
{
    struct pollfd *polled = transport->polled;
    struct timespec wait = {0, 0};
    int n = list_listeners(transport), i, ready;
    if (timeout > 0) {
        wait.tv_sec = (time_t)(timeout / APR_USEC_PER_SEC);
        wait.tv_nsec = (long)(timeout % APR_USEC_PER_SEC) * 1000;
    }
    polled[n].fd = wake_fd;
    polled[n].events = POLLIN;
    for (i = 0; i < transport->watched_count; i++) {
        polled[n + 1 + i].fd = transport->watched[i];
        polled[n + 1 + i].events = POLLIN;
    }
    ready = ppoll(polled, (nfds_t)n + 1 + (nfds_t)i, &wait, NULL);
    if (ready <= 0) {
        return ready == 0 ? APR_TIMEUP : errno;
    }
    receive_all(transport, n, receive, ctx);
    return APR_SUCCESS;
}

apr_status_t backhand_transport_source(backhand_transport *transport, char out[48])
{
    const apr_array_header_t *all = transport->routes.destinations;
    int i;
    if (transport->routes.count) {
        return backhand_route_source(&transport->routes.route[0], out);
    }
    for (i = 0; i < all->nelts; i++) {
        if (APR_ARRAY_IDX(all, i, backhand_destination).name) {
            return APR_INCOMPLETE;
        }
    }
    return APR_EINVAL;
}
