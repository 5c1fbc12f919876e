/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "sim/memory.h"
#include "sim/server.h"

void sim_servers_make(sim_world *world)
{
    const sim_scenario *scenario = world->scenario;
    uint32_t server = 0;

    world->servers = sim_memory_zeroed((size_t)scenario->servers, sizeof(*world->servers));
    for (int i = 0; i < scenario->n_groups; i++) {
        const sim_group *group = &scenario->groups[i];
        for (int j = 0; j < group->count; j++, server++) {
            world->servers[server].group = group;
            world->servers[server].planned = SIM_NEVER;
            world->fastest = group->speed > world->fastest ? group->speed : world->fastest;
        }
    }
}

void sim_servers_free(sim_world *world)
{
    for (int i = 0; i < world->scenario->servers; i++) {
        sim_memory_free(world->servers[i].running);
    }
    sim_memory_free(world->servers);
}
