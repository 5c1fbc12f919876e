/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "socket.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define RECEIVE_MAX  1000
#define PROBLEM_SIZE 640

struct backhand_transport {
    int routes, listeners;
    backhand_route *route;
    backhand_listener *listener;
    struct pollfd *polled;
};

typedef struct problem_log {
    backhand_problem_fn problem;
    void *ctx;
    apr_status_t last;
    int problems;
} problem_log;

static void tell(problem_log *log, const backhand_route *r, const char *what, apr_status_t rv)
{
    char text[PROBLEM_SIZE];
    if (rv == APR_SUCCESS) {
        return;
    }
    log->last = rv;
    log->problems++;
    if (log->problem) {
        snprintf(text, sizeof(text), "MulticastStats %s: %s", r->config->text, what);
        log->problem(log->ctx, text, rv);
    }
}

static void repair_route(backhand_route *r, problem_log *log)
{
    if (r->fd < 0) {
        tell(log, r, "cannot open a socket to send from", backhand_route_open(r));
    }
    if (r->hears->fd < 0) {
        tell(log, r, "cannot listen for what others announce", backhand_listener_open(r->hears));
    }
    if (r->hears->fd >= 0 && r->cast == BACKHAND_GROUP && !r->joined) {
        tell(log, r, "cannot join the group", backhand_route_join(r));
    }
}

static void repair(backhand_transport *transport, problem_log *log)
{
    int i;
    for (i = 0; i < transport->routes; i++) {
        repair_route(&transport->route[i], log);
    }
}

int backhand_transport_repair(backhand_transport *transport, backhand_problem_fn problem, void *ctx)
{
    problem_log log = {problem, ctx, APR_SUCCESS, 0};
    repair(transport, &log);
    return log.problems;
}

static void find_listener(backhand_transport *transport, backhand_route *r)
{
    backhand_listener wanted = backhand_route_listener(r);
    int i = 0;
    while (i < transport->listeners && !backhand_address_same(&wanted.at, &transport->listener[i].at)) {
        i++;
    }
    r->hears = &transport->listener[i];
    if (i == transport->listeners) {
        *r->hears = wanted;
        transport->listeners++;
    }
}

static int collides(const backhand_listener *one, const backhand_listener *other)
{
    return (backhand_address_any(&one->at) || backhand_address_any(&other->at)) &&
           other->at.sa.sa_family == one->at.sa.sa_family && other->at.v4.sin_port == one->at.v4.sin_port;
}

/* The kernel lets a wildcard address stand beside another of the same port only when both are shared. */
static void share_wildcards(backhand_transport *transport)
{
    int i, k;
    for (i = 0; i < transport->listeners; i++) {
        for (k = 0; k < transport->listeners; k++) {
            transport->listener[i].shared |= i != k && collides(&transport->listener[i], &transport->listener[k]);
        }
    }
}

static void close_socket(int fd)
{
    if (fd >= 0) {
        close(fd);
    }
}

static apr_status_t close_all(void *data)
{
    backhand_transport *transport = data;
    int i;
    for (i = 0; i < transport->routes; i++) {
        close_socket(transport->route[i].fd);
    }
    for (i = 0; i < transport->listeners; i++) {
        close_socket(transport->listener[i].fd);
    }
    return APR_SUCCESS;
}

static backhand_transport *make(int destinations, apr_pool_t *p)
{
    backhand_transport *transport = apr_pcalloc(p, sizeof(*transport));
    size_t n = (size_t)destinations;
    transport->route = apr_pcalloc(p, sizeof(*transport->route) * (n + 1));
    transport->listener = apr_pcalloc(p, sizeof(*transport->listener) * (n + 1));
    transport->polled = apr_pcalloc(p, sizeof(*transport->polled) * (n + 1));
    apr_pool_cleanup_register(p, transport, close_all, apr_pool_cleanup_null);
    return transport;
}

static int works(const backhand_transport *transport)
{
    int i;
    for (i = 0; i < transport->routes; i++) {
        if (transport->route[i].fd >= 0 || transport->route[i].hears->fd >= 0) {
            return 1;
        }
    }
    return 0;
}

apr_status_t backhand_transport_open(backhand_transport **transport, const apr_array_header_t *destinations,
                                     backhand_problem_fn problem, void *ctx, apr_pool_t *p)
{
    backhand_transport *t = *transport = make(destinations->nelts, p);
    problem_log log = {problem, ctx, APR_SUCCESS, 0};
    int i;
    for (i = 0; i < destinations->nelts; i++) {
        backhand_route *r = &t->route[t->routes];
        apr_status_t rv = backhand_route_read(r, &APR_ARRAY_IDX(destinations, i, backhand_destination));
        if (rv != APR_SUCCESS) {
            tell(&log, r, "the addresses are not numeric and of one kind", rv);
            continue;
        }
        find_listener(t, r);
        t->routes++;
    }
    share_wildcards(t);
    repair(t, &log);
    return works(t) ? APR_SUCCESS : log.last;
}

/* What says that nobody listens just now, or that there is no room, is no fault of the way there. */
static int is_harmless(int error)
{
    return error == EAGAIN || error == ENOBUFS || error == ECONNREFUSED || error == EINTR;
}

apr_status_t backhand_transport_send(backhand_transport *transport, const char *data, apr_size_t length,
                                     const backhand_destination **failed)
{
    apr_status_t rv = APR_SUCCESS;
    int i;
    for (i = 0; i < transport->routes; i++) {
        const backhand_route *r = &transport->route[i];
        if (r->fd >= 0 && sendto(r->fd, data, length, MSG_NOSIGNAL, &r->to.sa, backhand_address_length(&r->to)) < 0 &&
            !is_harmless(errno)) {
            rv = errno;
            if (failed) {
                *failed = r->config;
            }
        }
    }
    return rv;
}

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

/* @return 0 when nothing is there any more */
static int receive_one(int fd, backhand_receive_fn receive, void *ctx)
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
    receive(ctx, data, length < BACKHAND_MESSAGE_SIZE ? (apr_size_t)length : BACKHAND_MESSAGE_SIZE, &sender);
    return 1;
}

/* Takes one from each socket in turn, so that a flood at one does not silence the others. */
static void receive_all(struct pollfd *polled, int n, backhand_receive_fn receive, void *ctx)
{
    int left = RECEIVE_MAX, some = 1, i;
    while (some && left > 0) {
        some = 0;
        for (i = 0; i < n && left > 0; i++) {
            if (!polled[i].revents) {
                continue;
            }
            if (receive_one(polled[i].fd, receive, ctx)) {
                some = 1;
                left--;
            }
            else {
                polled[i].revents = 0;
            }
        }
    }
}

apr_status_t backhand_transport_poll(backhand_transport *transport, apr_interval_time_t timeout, int wake_fd,
                                     backhand_receive_fn receive, void *ctx)
{
    struct pollfd *polled = transport->polled;
    struct timespec wait = {0, 0};
    int i, n = 0, ready;
    if (timeout > 0) {
        wait.tv_sec = (time_t)(timeout / APR_USEC_PER_SEC);
        wait.tv_nsec = (long)(timeout % APR_USEC_PER_SEC) * 1000;
    }
    for (i = 0; i < transport->listeners; i++) {
        if (transport->listener[i].fd >= 0) {
            polled[n].fd = transport->listener[i].fd;
            polled[n++].events = POLLIN;
        }
    }
    polled[n].fd = wake_fd;
    polled[n].events = POLLIN;
    ready = ppoll(polled, (nfds_t)n + 1, &wait, NULL);
    if (ready <= 0) {
        return ready == 0 ? APR_TIMEUP : errno;
    }
    receive_all(polled, n, receive, ctx);
    return APR_SUCCESS;
}

apr_status_t backhand_transport_source(backhand_transport *transport, char out[48])
{
    return transport->routes ? backhand_route_source(&transport->route[0], out) : APR_EINVAL;
}
