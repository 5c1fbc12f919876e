/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "announce/net/routes.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PROBLEM_SIZE 640

/* --- listeners --------------------------------------------------------------------------------------------- */

static void close_socket(int *fd)
{
    if (*fd >= 0) {
        close(*fd);
    }
    *fd = -1;
}

static backhand_listener *find_entry(backhand_routes *routes, const backhand_listener *wanted)
{
    backhand_listener *empty = NULL;
    int i;
    for (i = 0; i < routes->capacity; i++) {
        backhand_listener *listener = &routes->listener[i];
        if ((listener->used || listener->fd >= 0) && listener->cast == wanted->cast &&
            backhand_address_same(&listener->at, &wanted->at)) {
            return listener;
        }
        if (!empty && !listener->used && listener->fd < 0) {
            empty = listener;
        }
    }
    return empty;
}

/* Returns the listener that is wanted; makes an entry if there is none. There is always a free entry, see `capacity`.
 */
static backhand_listener *want(backhand_routes *routes, const backhand_destination *config, backhand_listener wanted)
{
    backhand_listener *entry = find_entry(routes, &wanted);
    if (!entry->used && entry->fd < 0) {
        *entry = wanted;
    }
    else {
        entry->optional = wanted.optional && (entry->optional || !entry->used);
    }
    entry->used = 1;
    entry->config = config;
    return entry;
}

static void want_optional(backhand_routes *routes, const backhand_destination *config, backhand_listener wanted)
{
    wanted.optional = 1;
    want(routes, config, wanted);
}

/* Listens for announcements to a name before its addresses are known: other servers may already know them. */
static void want_for_name(backhand_routes *routes, const backhand_destination *config)
{
    backhand_address from;
    if (config->from) {
        if (backhand_address_read(&from, config->from, 0) == APR_SUCCESS) {
            want(routes, config, backhand_listener_unicast(&from, AF_UNSPEC, config->port));
        }
        return;
    }
    want(routes, config, backhand_listener_unicast(NULL, AF_INET, config->port));
    want_optional(routes, config, backhand_listener_unicast(NULL, AF_INET6, config->port));
}

/* Listens for direct answers: others may answer a member of a group directly. Needs `from`: without an own address,
 * several servers of this machine could not tell for whom an answer is. */
static void want_for_answers(backhand_routes *routes, const backhand_route *r)
{
    if (r->cast != BACKHAND_UNICAST && r->config->from) {
        backhand_listener wanted = backhand_listener_unicast(&r->from, AF_UNSPEC, ntohs(r->to.v4.sin_port));
        wanted.shared = 1;
        want_optional(routes, r->config, wanted);
    }
}

static int collides(const backhand_listener *one, const backhand_listener *other)
{
    return one->used && other->used && (backhand_address_any(&one->at) || backhand_address_any(&other->at)) &&
           other->at.sa.sa_family == one->at.sa.sa_family && other->at.v4.sin_port == one->at.v4.sin_port;
}

/* Lets wildcard sockets share their port: beside a wildcard address the kernel allows another socket of the same port
 * only if both are shared. */
static void share_wildcards(backhand_routes *routes)
{
    int i, k;
    for (i = 0; i < routes->capacity; i++) {
        backhand_listener *listener = &routes->listener[i];
        for (k = 0; k < routes->capacity && !listener->shared; k++) {
            listener->shared = i != k && collides(listener, &routes->listener[k]);
        }
        if (listener->shared && listener->fd >= 0) {
            backhand_listener_share(listener);
        }
    }
}

/* Finds the listeners of all routes, and closes listeners that no route needs. */
static void arrange(backhand_routes *routes)
{
    const apr_array_header_t *all = routes->destinations;
    int i;
    for (i = 0; i < routes->capacity; i++) {
        routes->listener[i].used = 0;
    }
    for (i = 0; i < routes->count; i++) {
        backhand_route *r = &routes->route[i];
        r->hears = want(routes, r->config, backhand_route_listener(r));
    }
    for (i = 0; i < routes->count; i++) {
        want_for_answers(routes, &routes->route[i]);
    }
    for (i = 0; i < all->nelts; i++) {
        const backhand_destination *config = &APR_ARRAY_IDX(all, i, backhand_destination);
        if (config->name && config->port) {
            want_for_name(routes, config);
        }
    }
    for (i = 0; i < routes->capacity; i++) {
        if (!routes->listener[i].used) {
            close_socket(&routes->listener[i].fd);
        }
    }
    share_wildcards(routes);
}

/* --- routes ------------------------------------------------------------------------------------------------ */

static void tell(backhand_problems *problems, const backhand_destination *config, const char *what, apr_status_t rv)
{
    char text[PROBLEM_SIZE];
    if (rv == APR_SUCCESS) {
        return;
    }
    problems->last = rv;
    problems->count++;
    if (problems->problem) {
        snprintf(text, sizeof(text), "MulticastStats %s: %s", config->text, what);
        problems->problem(problems->ctx, text, rv);
    }
}

void backhand_routes_make(backhand_routes *routes, const apr_array_header_t *destinations, backhand_problems *problems,
                          apr_pool_t *p)
{
    int i, names = 0;
    for (i = 0; i < destinations->nelts; i++) {
        names += APR_ARRAY_IDX(destinations, i, backhand_destination).name != NULL;
    }
    routes->destinations = destinations;
    routes->count = 0;
    routes->max = destinations->nelts - names + (names ? BACKHAND_NAMED_MAX : 0);
    /* While addresses change, old and new listeners exist side by side. */
    routes->capacity = 4 * routes->max + 4 * names + 1;
    routes->route = apr_pcalloc(p, sizeof(*routes->route) * ((size_t)routes->max + 1));
    routes->listener = apr_pcalloc(p, sizeof(*routes->listener) * (size_t)routes->capacity);
    for (i = 0; i < routes->capacity; i++) {
        routes->listener[i].fd = -1;
    }
    for (i = 0; i < destinations->nelts; i++) {
        const backhand_destination *config = &APR_ARRAY_IDX(destinations, i, backhand_destination);
        backhand_address to;
        apr_status_t rv = config->name ? APR_SUCCESS : backhand_address_read(&to, config->address, config->port);
        if (!config->name && rv == APR_SUCCESS) {
            rv = backhand_route_make(&routes->route[routes->count], config, &to);
            routes->count += rv == APR_SUCCESS;
        }
        tell(problems, config, "the addresses are not numeric and of one kind", rv);
    }
    arrange(routes);
}

static int is_among(const backhand_address *to, int count, const backhand_address *address)
{
    int i;
    for (i = 0; i < count; i++) {
        if (backhand_address_same(&to[i], address)) {
            return 1;
        }
    }
    return 0;
}

/* Removes the routes to addresses that a name no longer has. */
static void remove_others(backhand_routes *routes, const backhand_destination *config, const backhand_address *to,
                          int count)
{
    int i, kept = 0;
    for (i = 0; i < routes->count; i++) {
        backhand_route *r = &routes->route[i];
        if (r->config == config && !is_among(to, count, &r->to)) {
            close_socket(&r->fd);
        }
        else {
            routes->route[kept++] = *r;
        }
    }
    routes->count = kept;
}

static int has(const backhand_routes *routes, const backhand_destination *config, const backhand_address *to)
{
    int i;
    for (i = 0; i < routes->count; i++) {
        if (routes->route[i].config == config && backhand_address_same(&routes->route[i].to, to)) {
            return 1;
        }
    }
    return 0;
}

int backhand_routes_replace(backhand_routes *routes, const backhand_destination *config, const backhand_address *to,
                            int count)
{
    int i, more = 0;
    remove_others(routes, config, to, count);
    for (i = 0; i < count && routes->count < routes->max; i++) {
        if (!has(routes, config, &to[i]) &&
            backhand_route_make(&routes->route[routes->count], config, &to[i]) == APR_SUCCESS) {
            routes->count++;
            more = 1;
        }
    }
    arrange(routes);
    return more;
}

int backhand_route_sender(const backhand_route *route)
{
    return route->cast == BACKHAND_UNICAST && route->hears->fd >= 0 ? route->hears->fd : route->fd;
}

static void repair_listener(backhand_listener *listener, backhand_problems *problems)
{
    apr_status_t rv;
    if (listener->used && listener->fd < 0) {
        rv = backhand_listener_open(listener);
        if (!listener->optional) {
            tell(problems, listener->config, "cannot listen for what others announce", rv);
        }
    }
}

void backhand_routes_repair(backhand_routes *routes, backhand_problems *problems)
{
    int i;
    for (i = 0; i < routes->capacity; i++) {
        repair_listener(&routes->listener[i], problems);
    }
    for (i = 0; i < routes->count; i++) {
        backhand_route *r = &routes->route[i];
        if (backhand_route_sender(r) < 0) {
            tell(problems, r->config, "cannot open a socket to send from", backhand_route_open(r));
        }
        if (r->hears->fd >= 0 && r->cast == BACKHAND_GROUP && !r->joined) {
            tell(problems, r->config, "cannot join the group", backhand_route_join(r));
        }
        if (r->cast != BACKHAND_UNICAST && r->fd >= 0 && !r->way.interface) {
            backhand_route_way(r, &r->way);
        }
    }
}

void backhand_routes_close(backhand_routes *routes)
{
    int i;
    for (i = 0; i < routes->count; i++) {
        close_socket(&routes->route[i].fd);
    }
    for (i = 0; i < routes->capacity; i++) {
        close_socket(&routes->listener[i].fd);
    }
}
