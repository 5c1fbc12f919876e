/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "sim/references.h"
#include "sim/dispatcher.h"
#include "sim/server.h"

#include <math.h>
#include <strings.h>

/* Draws until a server is found that may be asked, before all are looked at. */
#define DRAWS 64

static const char *const names[] = {
    [SIM_CHAIN] = "",          [SIM_ROUNDROBIN] = "roundrobin", [SIM_LEASTCONN] = "leastconn",
    [SIM_RANDOM2] = "random2", [SIM_OMNISCIENT] = "omniscient",
};

sim_reference sim_reference_find(const char *name)
{
    for (int i = SIM_CHAIN + 1; i < (int)(sizeof(names) / sizeof(names[0])); i++) {
        if (!strcasecmp(names[i], name)) {
            return (sim_reference)i;
        }
    }
    return SIM_CHAIN;
}

/* What a look at the servers is about. */
typedef struct look {
    sim_world *world;
    sim_dispatcher *dispatcher;
    int refused; /**< servers that refused lately may be asked, too */
} look;

static int may_ask(const look *at, uint32_t server)
{
    const sim_world *world = at->world;
    int64_t refused = at->dispatcher->peers[server].refused;
    if (world->servers[server].life == 0) {
        return 0;
    }
    return at->refused || refused == SIM_NEVER || world->now - refused >= world->scenario->retry;
}

/* From the dispatcher's turn on, the first that has the least cost. */
static uint32_t least(const look *at, double (*cost)(const look *at, uint32_t server))
{
    uint32_t n = (uint32_t)at->world->scenario->servers, best = SIM_NONE;
    double lowest = INFINITY;

    for (uint32_t i = 0; i < n; i++) {
        uint32_t server = (at->dispatcher->next + i) % n;
        double its = may_ask(at, server) ? cost(at, server) : INFINITY;
        if (its < lowest) {
            lowest = its;
            best = server;
        }
    }
    if (best != SIM_NONE) {
        at->dispatcher->next = (best + 1) % n;
    }
    return best;
}

static double cost_none(const look *at, uint32_t server)
{
    (void)at;
    (void)server;
    return 0;
}

static double cost_own(const look *at, uint32_t server)
{
    return at->dispatcher->peers[server].own;
}

/* Until a request of mean length would end there. A server that has failed never ends it. */
static double cost_true(const look *at, uint32_t server)
{
    const sim_server *it = &at->world->servers[server];
    double speed = sim_server_speed(at->world, server), n = sim_server_inflight(it) + 1.0;

    if (!it->up) {
        return 1e300;
    }
    if (it->group->cpus) {
        return fmax(n / it->group->cpus, 1) / speed;
    }
    if (it->group->workers) {
        return (fmax(n - it->group->workers, 0) / it->group->workers + 1) / speed;
    }
    return 1 / speed;
}

static uint32_t draw(const look *at, uint32_t not_this)
{
    uint32_t n = (uint32_t)at->world->scenario->servers;
    for (int i = 0; i < DRAWS; i++) {
        uint32_t server = sim_random_below(&at->world->choices, n);
        if (server != not_this && may_ask(at, server)) {
            return server;
        }
    }
    return SIM_NONE;
}

static uint32_t random_two(const look *at)
{
    uint32_t one = draw(at, SIM_NONE), two;
    if (one == SIM_NONE) {
        return least(at, cost_none);
    }
    two = draw(at, one);
    return two != SIM_NONE && cost_own(at, two) < cost_own(at, one) ? two : one;
}

static uint32_t pick(const look *at)
{
    switch (at->world->policy->reference) {
    case SIM_LEASTCONN:
        return least(at, cost_own);
    case SIM_RANDOM2:
        return random_two(at);
    case SIM_OMNISCIENT:
        at->dispatcher->next = sim_random_below(&at->world->choices, (uint32_t)at->world->scenario->servers);
        return least(at, cost_true);
    case SIM_ROUNDROBIN:
    case SIM_CHAIN:
        break;
    }
    return least(at, cost_none);
}

uint32_t sim_reference_pick(sim_world *world, uint32_t dispatcher)
{
    look at = {world, &world->dispatchers[dispatcher], 0};
    uint32_t server = pick(&at);
    if (server == SIM_NONE) {
        at.refused = 1;
        server = pick(&at);
    }
    return server;
}
