/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "sim/references.h"
#include "sim/dispatcher.h"
#include "sim/foresight.h"
#include "sim/server.h"

#include <math.h>
#include <strings.h>

/* Draws until a server is found that may be asked, before all are looked at. */
#define DRAWS 64
/* Less than this, in seconds, is rounding. */
#define ROUNDING 1e-9

static const char *const names[] = {
    [SIM_CHAIN] = "",          [SIM_HERE] = "here",     [SIM_ROUNDROBIN] = "roundrobin", [SIM_LEASTCONN] = "leastconn",
    [SIM_RANDOM2] = "random2", [SIM_ORACLE] = "oracle", [SIM_OMNISCIENT] = "omniscient",
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

/* The arguments of a look at the servers. */
typedef struct look {
    sim_world *world;
    sim_dispatcher *dispatcher;
    const sim_request *asked;
    uint32_t own; /**< the server that the dispatcher stands on, or SIM_NONE */
    int refused;  /**< servers that refused lately may be asked, too */
} look;

static int may_ask(const look *at, uint32_t server)
{
    const sim_world *world = at->world;
    int64_t refused = at->dispatcher->known[server].refused;
    if (world->servers[server].life == 0) {
        return 0;
    }
    return at->refused || refused == SIM_NEVER || world->now - refused >= world->scenario->retry;
}

/* From the dispatcher's turn on, the first that has the least cost; `server` when none costs less. */
static uint32_t less_than(const look *at, uint32_t server, double (*cost)(const look *at, uint32_t server))
{
    uint32_t n = (uint32_t)at->world->scenario->servers, best = server;
    double lowest = server != SIM_NONE && may_ask(at, server) ? cost(at, server) - ROUNDING : INFINITY;

    for (uint32_t i = 0; i < n; i++) {
        uint32_t other = (at->dispatcher->next + i) % n;
        double its = may_ask(at, other) && other != server ? cost(at, other) : INFINITY;
        if (its < lowest) {
            lowest = its;
            best = other;
        }
    }
    return best;
}

static uint32_t least(const look *at, double (*cost)(const look *at, uint32_t server))
{
    uint32_t best = less_than(at, SIM_NONE, cost);
    if (best != SIM_NONE) {
        at->dispatcher->next = (best + 1) % (uint32_t)at->world->scenario->servers;
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
    return at->dispatcher->known[server].own;
}

static double hop_to(const look *at, uint32_t server)
{
    const sim_scenario *scenario = at->world->scenario;
    return server == at->own ? 0 : (double)(2 * sim_server_delay(at->world, at->own, server) + scenario->hop) / 1e6;
}

static double cost_oracle(const look *at, uint32_t server)
{
    return sim_foresight_mean(at->world, at->asked, server, server == at->own) + hop_to(at, server);
}

static double cost_omniscient(const look *at, uint32_t server)
{
    return sim_foresight_exact(at->world, at->asked, server, server == at->own) + hop_to(at, server);
}

static uint32_t draw(const look *at, uint32_t not_this)
{
    uint32_t n = (uint32_t)at->world->scenario->servers;
    for (int i = 0; i < DRAWS; i++) {
        uint32_t server = backhand_generator_below(&at->world->choices, n);
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

static uint32_t from_a_random_one(const look *at, double (*cost)(const look *at, uint32_t server))
{
    at->dispatcher->next = backhand_generator_below(&at->world->choices, (uint32_t)at->world->scenario->servers);
    return less_than(at, at->own, cost);
}

static uint32_t pick(const look *at)
{
    switch (at->world->policy->reference) {
    case SIM_HERE:
        return at->own;
    case SIM_LEASTCONN:
        return least(at, cost_own);
    case SIM_RANDOM2:
        return random_two(at);
    case SIM_ORACLE:
        return from_a_random_one(at, cost_oracle);
    case SIM_OMNISCIENT:
        return from_a_random_one(at, cost_omniscient);
    case SIM_ROUNDROBIN:
    case SIM_CHAIN:
        break;
    }
    return least(at, cost_none);
}

uint32_t sim_reference_pick(sim_world *world, uint32_t request)
{
    const sim_request *asked = sim_request_of(world, request);
    look at = {world, &world->dispatchers[asked->dispatcher], asked, sim_dispatcher_server(world, asked->dispatcher),
               0};
    uint32_t server = pick(&at);
    if (server == SIM_NONE) {
        at.refused = 1;
        server = pick(&at);
    }
    return server;
}
