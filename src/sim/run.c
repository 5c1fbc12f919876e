/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "sim/clock.h"
#include "sim/decision.h"
#include "sim/dispatcher.h"
#include "sim/memory.h"
#include "sim/interpreter.h"
#include "sim/server.h"
#include "sim/way.h"

/* Events between two words about the progress. */
#define PROGRESS_EVENTS 65536

static void change(sim_world *world, uint32_t number)
{
    if (number % 2) {
        sim_server_fail(world, number / 2);
    }
    else {
        sim_server_start(world, number / 2);
    }
}

static void move_slowness(sim_world *world)
{
    uint32_t before = world->slow;
    world->slow = (before + 1) % (uint32_t)world->scenario->servers;
    sim_server_changed(world, before);
    sim_server_changed(world, world->slow);
    sim_events_add(&world->events, world->now + world->scenario->moves, SIM_MOVE, 0, 0);
}

static void announce(sim_world *world, uint32_t server, uint64_t life)
{
    sim_server *it = &world->servers[server];
    if (it->up && it->life == life) {
        sim_server_announce(world, server);
    }
}

static void look(sim_world *world, uint32_t server, uint64_t life)
{
    sim_server *it = &world->servers[server];
    it->looks = 0;
    if (it->up && it->life == life) {
        sim_server_look(world, server);
    }
}

static void hear(sim_world *world, uint32_t server, uint64_t life)
{
    /* News of a life that is over has come too late. */
    if (world->servers[server].life == life) {
        sim_dispatchers_hear(world, server);
    }
}

static void happen(sim_world *world, const sim_event *event)
{
    switch (event->kind) {
    case SIM_ARRIVAL:
        sim_arrivals_next(world);
        break;
    case SIM_REACH:
        sim_server_reach(world, sim_request_of(world, event->who)->server, event->who);
        break;
    case SIM_DONE:
        sim_server_done(world, event->who, event->what);
        break;
    case SIM_ANSWER:
        sim_way_answered(world, event->who);
        break;
    case SIM_REFUSAL:
        sim_way_refused(world, event->who);
        break;
    case SIM_ANNOUNCE:
        announce(world, event->who, event->what);
        break;
    case SIM_LOOK:
        look(world, event->who, event->what);
        break;
    case SIM_HEARD:
        hear(world, event->who, event->what);
        break;
    case SIM_HEARD_FAR:
        sim_dispatchers_hear_far(world, event->who, event->what);
        break;
    case SIM_CHANGE:
        change(world, event->who);
        break;
    case SIM_WARM:
        sim_server_changed(world, event->who);
        break;
    case SIM_MOVE:
        move_slowness(world);
        break;
    }
}

/* Until nothing arrives any more and all that has is over. */
static void go(sim_world *world, const sim_progress *progress)
{
    int64_t end = world->scenario->warmup + world->scenario->duration;
    sim_event event;

    for (unsigned n = 1; sim_events_next(&world->events, &event) && (event.at < end || world->underway); n++) {
        world->now = event.at;
        sim_clock_set(event.at);
        happen(world, &event);
        if (progress && n % PROGRESS_EVENTS == 0) {
            progress->tell(progress->ctx, event.at < end ? (double)event.at / (double)end : 1);
        }
    }
}

void sim_run(const sim_scenario *scenario, const sim_policy *policy, sim_case its_case, uint64_t seed,
             sim_result *result, const sim_progress *progress, apr_pool_t *p)
{
    sim_world world = {.scenario = scenario, .policy = policy, .its_case = its_case, .result = result};

    world.free_request = world.before = SIM_NONE;
    apr_pool_create(&world.pool, p);
    sim_clock_set(0);
    sim_random_seed(&world.arrivals, seed, 1);
    sim_random_seed(&world.network, seed, 2);
    sim_random_seed(&world.choices, seed, 3);
    backhand_random_seed(seed);
    sim_perl_seed(seed);
    world.rules = sim_decision_rules(scenario);
    world.hears = &sim_way_hears;
    world.asked = apr_palloc(world.pool, BACKHAND_WALK_WORDS(BACKHAND_SERVERS_MAX) * sizeof(*world.asked));
    world.list = apr_palloc(world.pool, BACKHAND_SERVERS_MAX * sizeof(*world.list));
    world.r = policy->reads_request ? sim_request_rec_make(world.pool) : NULL;
    sim_servers_make(&world);
    sim_dispatchers_make(&world);
    sim_arrivals_begin(&world);
    go(&world, progress);
    result->slowdown_run += world.ended ? world.slowdown / (double)world.ended : 0;
    result->runs++;
    sim_dispatchers_free(&world);
    sim_servers_free(&world);
    sim_memory_free(world.requests);
    sim_events_free(&world.events);
    apr_pool_destroy(world.pool);
}
