/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "direct.h"

#include <string.h>

static backhand_direct_peer *find(backhand_direct *direct, const struct sockaddr *from)
{
    backhand_address address;
    int i;
    memset(&address, 0, sizeof(address));
    memcpy(&address, from, from->sa_family == AF_INET6 ? sizeof(address.v6) : sizeof(address.v4));
    for (i = 0; i < direct->count; i++) {
        /* It sends from different ports to different kinds of destinations. */
        address.v4.sin_port = direct->peer[i].from.v4.sin_port;
        if (backhand_address_same(&direct->peer[i].from, &address)) {
            return &direct->peer[i];
        }
    }
    return NULL;
}

static backhand_direct_peer *add(backhand_direct *direct, const struct sockaddr *from, apr_time_t now)
{
    backhand_direct_peer *peer;
    if (direct->count == BACKHAND_DIRECT_MAX) {
        backhand_direct_forget(direct, now);
    }
    if (direct->count == BACKHAND_DIRECT_MAX) {
        return NULL;
    }
    peer = &direct->peer[direct->count++];
    memset(peer, 0, sizeof(*peer));
    memcpy(&peer->from, from, from->sa_family == AF_INET6 ? sizeof(peer->from.v6) : sizeof(peer->from.v4));
    return peer;
}

static apr_interval_time_t patience(int64_t interval)
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
    backhand_direct_peer *peer = find(direct, from);
    if (peer) {
        peer->reached = now;
    }
}

int backhand_direct_heard(backhand_direct *direct, const backhand_hearing *hearing, apr_time_t now)
{
    backhand_direct_peer *peer = find(direct, hearing->from);
    if (hearing->leaving) {
        if (peer) {
            *peer = direct->peer[--direct->count];
        }
        return 0;
    }
    if (!peer && !hearing->covered) {
        peer = add(direct, hearing->from, now);
    }
    if (peer) {
        peer->heard = now;
        peer->patience = patience(hearing->interval);
        peer->place = hearing->covered ? peer->place : hearing->place;
        peer->reached = hearing->covered ? now : peer->reached;
    }
    return hearing->joined && may_answer(direct, now);
}

void backhand_direct_forget(backhand_direct *direct, apr_time_t now)
{
    int i = 0;
    while (i < direct->count) {
        if (now - direct->peer[i].heard > direct->peer[i].patience) {
            direct->peer[i] = direct->peer[--direct->count];
        }
        else {
            i++;
        }
    }
}

int backhand_direct_due(const backhand_direct_peer *peer, apr_time_t now)
{
    return !peer->reached || now - peer->reached > peer->patience;
}
