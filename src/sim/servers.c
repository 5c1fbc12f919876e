/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "sim/dispatcher.h"
#include "sim/memory.h"
#include "sim/server.h"

#include <string.h>

int sim_server_is_far(const sim_world *world, uint32_t a, uint32_t b)
{
    return a != SIM_NONE && b != SIM_NONE && strcmp(world->servers[a].group->zone, world->servers[b].group->zone) != 0;
}

int64_t sim_server_delay(const sim_world *world, uint32_t a, uint32_t b)
{
    const sim_scenario *scenario = world->scenario;
    return scenario->zone_delay != SIM_NEVER && sim_server_is_far(world, a, b) ? scenario->zone_delay : scenario->delay;
}

int64_t sim_server_way_back(const sim_world *world, uint32_t request)
{
    const sim_request *asked = sim_request_of(world, request);
    return sim_server_delay(world, sim_dispatcher_server(world, asked->dispatcher), asked->server);
}

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
            if (scenario->zone_delay != SIM_NEVER) {
                world->servers[server].far = sim_memory_zeroed(SIM_FAR, sizeof(*world->servers[server].far));
            }
            world->fastest = group->speed > world->fastest ? group->speed : world->fastest;
        }
    }
}

void sim_servers_free(sim_world *world)
{
    for (int i = 0; i < world->scenario->servers; i++) {
        sim_memory_free(world->servers[i].running);
        sim_memory_free(world->servers[i].far);
    }
    sim_memory_free(world->servers);
}
