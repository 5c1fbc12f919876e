/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "announce/moderator/direct.h"

#include <string.h>

static backhand_direct_server *find(backhand_direct *direct, const struct sockaddr *from)
{
    backhand_address address;
    int i;
    memset(&address, 0, sizeof(address));
    memcpy(&address, from, from->sa_family == AF_INET6 ? sizeof(address.v6) : sizeof(address.v4));
    for (i = 0; i < direct->count; i++) {
        /* A server sends from different ports to different kinds of destinations, so only the address counts. */
        address.v4.sin_port = direct->server[i].from.v4.sin_port;
        if (backhand_address_same(&direct->server[i].from, &address)) {
            return &direct->server[i];
        }
    }
    return NULL;
}

static backhand_direct_server *add(backhand_direct *direct, const struct sockaddr *from, apr_time_t now)
{
    backhand_direct_server *server;
    if (direct->count == BACKHAND_DIRECT_MAX) {
        backhand_direct_forget(direct, now);
    }
    if (direct->count == BACKHAND_DIRECT_MAX) {
        return NULL;
    }
    server = &direct->server[direct->count++];
    memset(server, 0, sizeof(*server));
    memcpy(&server->from, from, from->sa_family == AF_INET6 ? sizeof(server->from.v6) : sizeof(server->from.v4));
    return server;
}

static apr_interval_time_t lifetime(int64_t interval)
{
    apr_interval_time_t three =
        interval < BACKHAND_DIRECT_PATIENCE / 1000 ? 3 * 1000 * interval : BACKHAND_DIRECT_PATIENCE;
    return three < BACKHAND_DIRECT_PATIENCE ? three : BACKHAND_DIRECT_PATIENCE;
}

static int may_answer(backhand_direct *direct, apr_time_t now)
{
    if (now - direct->second >= APR_USEC_PER_SEC || now < direct->second) {
        direct->second = now;
        direct->answered = 0;
    }
    return direct->answered++ < BACKHAND_DIRECT_BURST;
}

void backhand_direct_reached(backhand_direct *direct, const struct sockaddr *from, apr_time_t now)
{
    backhand_direct_server *server = find(direct, from);
    if (server) {
        server->reached = now;
    }
}

int backhand_direct_heard(backhand_direct *direct, const backhand_hearing *hearing, apr_time_t now)
{
    backhand_direct_server *server = find(direct, hearing->from);
    if (hearing->leaving) {
        if (server) {
            *server = direct->server[--direct->count];
        }
        return 0;
    }
    if (!server && !hearing->covered) {
        server = add(direct, hearing->from, now);
    }
    if (server) {
        server->heard = now;
        server->lifetime = lifetime(hearing->interval);
        server->listener_id = hearing->covered ? server->listener_id : hearing->listener_id;
        server->reached = hearing->covered ? now : server->reached;
    }
    return hearing->joined && may_answer(direct, now);
}

void backhand_direct_forget(backhand_direct *direct, apr_time_t now)
{
    int i = 0;
    while (i < direct->count) {
        if (now - direct->server[i].heard > direct->server[i].lifetime) {
            direct->server[i] = direct->server[--direct->count];
        }
        else {
            i++;
        }
    }
}

int backhand_direct_due(const backhand_direct_server *server, apr_time_t now)
{
    return !server->reached || now - server->reached > server->lifetime;
}
