/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "sim/server.h"

/* A request that another server sends to one that offers itself is a trial. */
void sim_server_meter(sim_world *world, uint32_t server, uint32_t request)
{
    sim_request *asked = sim_request_of(world, request);
    backhand_meter *meter = &world->servers[server].meter;

    asked->level = backhand_meter_enter(meter, sim_clock_now());
    backhand_meter_begin(meter, &asked->ring_entry, asked->level, sim_clock_now());
    if (asked->stage == SIM_SENT && !asked->local && meter->trials.offers) {
        backhand_meter_trial(meter, &asked->ring_entry);
    }
    asked->met = world->now;
    sim_server_plan_look(world, server);
}

void sim_server_unmeter(sim_world *world, uint32_t server, uint32_t request, int sample)
{
    sim_request *asked = sim_request_of(world, request);
    backhand_meter *meter = &world->servers[server].meter;

    if (asked->level == 0) {
        return;
    }
    if (sample) {
        backhand_meter_count(meter);
        backhand_meter_end(meter, &asked->ring_entry, world->now - asked->met, asked->error, sim_clock_now());
    }
    else {
        backhand_meter_void(meter, &asked->ring_entry);
    }
    backhand_meter_leave(meter, sim_clock_now());
    asked->level = 0;
    sim_server_plan_look(world, server);
}
