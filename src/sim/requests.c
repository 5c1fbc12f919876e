/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "sim/memory.h"
#include "sim/world.h"

uint32_t sim_request_add(sim_world *world)
{
    uint32_t request = world->free_request, before = world->room;

    if (request == SIM_NONE) {
        world->room = before ? 2 * before : 1024;
        world->requests = sim_memory_resize(world->requests, world->room, sizeof(*world->requests));
        for (uint32_t i = before; i < world->room; i++) {
            world->requests[i].next = i + 1 < world->room ? i + 1 : SIM_NONE;
        }
        request = before;
    }
    world->free_request = world->requests[request].next;
    world->requests[request] = (sim_request){.next = SIM_NONE, .parent = SIM_NONE, .server = SIM_NONE};
    world->underway++;
    return request;
}

void sim_request_free(sim_world *world, uint32_t request)
{
    world->requests[request].next = world->free_request;
    world->free_request = request;
    world->underway--;
}

static void count(sim_world *world, const sim_request *over, int answered)
{
    sim_result *result = world->result;
    int64_t took = world->now - over->arrived;
    double slowdown;

    if (!answered) {
        result->failed++;
        return;
    }
    slowdown = (double)took / 1e6 / (over->work / world->fastest);
    result->errors += over->error;
    if (over->error) {
        return;
    }
    sim_histogram_add(&result->times, took);
    result->slowdown += slowdown;
    world->slowdown += slowdown;
    world->ended++;
}

void sim_request_over(sim_world *world, uint32_t request, int answered)
{
    const sim_request *over = sim_request_of(world, request);
    uint32_t parent = over->parent;

    if (parent != SIM_NONE) {
        sim_request *whole = sim_request_of(world, parent);
        whole->error |= over->error | !answered;
        sim_request_free(world, request);
        if (--whole->parts == 0) {
            sim_request_over(world, parent, 1);
        }
        return;
    }
    if (over->counts) {
        count(world, over, answered);
    }
    sim_request_free(world, request);
}
