/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "sim/dispatcher.h"
#include "sim/clock.h"
#include "sim/memory.h"
#include "sim/server.h"
#include "table/update.h"

#include <stdio.h>
#include <stdlib.h>

uint32_t sim_dispatcher_server(const sim_world *world, uint32_t dispatcher)
{
    return world->scenario->on_servers ? dispatcher : SIM_NONE;
}

/* --- making them ------------------------------------------------------------------------------------------- */

static void make(sim_world *world, sim_dispatcher *it)
{
    int servers = world->scenario->servers, slots = servers + !world->scenario->on_servers;

    slots = slots < BACKHAND_SERVERS_MIN ? BACKHAND_SERVERS_MIN : slots;
    if (backhand_table_create(&it->table, slots, 1, NULL, world->pool) != APR_SUCCESS) {
        fprintf(stderr, "bhsim: no memory for a table of %d servers\n", slots);
        exit(EXIT_FAILURE);
    }
    backhand_table_set_clocks(it->table, sim_clock_now, sim_clock_now);
    it->known = sim_memory_zeroed((size_t)servers, sizeof(*it->known));
    it->slots = sim_memory_zeroed((size_t)servers, sizeof(*it->slots));
    it->servers = sim_memory_zeroed((size_t)slots, sizeof(*it->servers));
    for (int i = 0; i < servers; i++) {
        it->known[i].refused = SIM_NEVER;
    }
    it->next = backhand_generator_below(&world->choices, (uint32_t)servers);
}

void sim_dispatchers_make(sim_world *world)
{
    int n = world->its_case.dispatchers;
    world->dispatchers = sim_memory_zeroed((size_t)n, sizeof(*world->dispatchers));
    for (int i = 0; i < n; i++) {
        make(world, &world->dispatchers[i]);
        if (world->scenario->on_servers) {
            world->dispatchers[i].servers[0] = (uint16_t)i;
            backhand_table_set_meter(world->dispatchers[i].table, &world->servers[i].meter);
        }
    }
}

void sim_dispatchers_free(sim_world *world)
{
    for (int i = 0; i < world->its_case.dispatchers; i++) {
        sim_dispatcher *it = &world->dispatchers[i];
        backhand_table_unmap(it->table);
        sim_memory_free(it->known);
        sim_memory_free(it->slots);
        sim_memory_free(it->servers);
    }
    sim_memory_free(world->dispatchers);
}

/* --- announcements ----------------------------------------------------------------------------------------- */

static void hear(sim_dispatcher *it, uint32_t server, const backhand_announcement *said)
{
    backhand_update update = backhand_table_update(it->table, said, NULL);
    if (update.drop == BACKHAND_DROP_NONE) {
        it->slots[server] = (uint16_t)update.id;
        it->servers[update.id] = (uint16_t)server;
    }
}

/* `far`: those of other zones, or all others. */
static void tell(sim_world *world, uint32_t server, const backhand_announcement *said, int far)
{
    double loss = world->scenario->loss;

    for (uint32_t i = 0; i < (uint32_t)world->its_case.dispatchers; i++) {
        uint32_t own = sim_dispatcher_server(world, i);
        int lost = loss > 0 && world->servers[server].sequence > 1 && backhand_generator_share(&world->network) < loss;
        int is_far = world->servers[server].far && sim_server_is_far(world, own, server);
        if (!lost && is_far == far && own != server && (own == SIM_NONE || world->servers[own].up)) {
            hear(&world->dispatchers[i], server, said);
        }
    }
}

void sim_dispatchers_hear(sim_world *world, uint32_t server)
{
    tell(world, server, &world->servers[server].sent, 0);
}

void sim_dispatchers_hear_far(sim_world *world, uint32_t server, uint64_t sequence)
{
    const backhand_announcement *said = &world->servers[server].far[sequence % SIM_FAR];

    if (said->sequence == sequence) {
        tell(world, server, said, 1);
    }
}
