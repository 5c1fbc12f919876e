/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "announce/net/routes.h"

#include <string.h>
#include <unistd.h>

static int same_way(const backhand_way *one, const backhand_way *other)
{
    return one->interface == other->interface && backhand_address_same(&one->from, &other->from);
}

/* Closes the sockets of the route. The kernel keeps memberships in groups on an interface that is gone; they end only
 * with their socket. The routes that share it join anew, too. */
static void shut(backhand_routes *routes, backhand_route *r)
{
    backhand_listener *hears = r->hears;

    if (r->fd >= 0) {
        close(r->fd);
    }
    if (hears->fd >= 0) {
        close(hears->fd);
    }
    r->fd = hears->fd = -1;
    for (int i = 0; i < routes->count; i++) {
        if (routes->route[i].hears == hears) {
            routes->route[i].joined = 0;
        }
    }
}

/* @return 1 if datagrams to the route leave by another way than when its sockets were opened */
static int follow(backhand_routes *routes, backhand_route *r)
{
    backhand_listener *hears = r->hears;
    backhand_address to = r->to;
    backhand_route now;
    backhand_way way;

    if (r->cast == BACKHAND_UNICAST || !r->way.interface) {
        return 0;
    }
    /* The interface of a link-local group may have another number than before. */
    if (!r->config->name && backhand_address_read(&to, r->config->address, r->config->port) != APR_SUCCESS) {
        return 0;
    }
    if (backhand_route_make(&now, r->config, &to) != APR_SUCCESS || now.cast != r->cast ||
        !backhand_route_way(&now, &way) || same_way(&way, &r->way)) {
        return 0;
    }
    shut(routes, r);
    *r = now;
    r->hears = hears;
    hears->at = now.to;
    return 1;
}

int backhand_routes_follow(backhand_routes *routes, backhand_problems *problems)
{
    int changed = 0;

    for (int i = 0; i < routes->count; i++) {
        changed |= follow(routes, &routes->route[i]);
    }
    if (changed) {
        backhand_routes_repair(routes, problems);
    }
    return changed;
}
