/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "sim/server.h"
#include "sim/way.h"

#include <math.h>

/* @return the time of the next arrival; SIM_NEVER: there is none */
static int64_t next_arrival(sim_world *world)
{
    const sim_trace *trace = world->scenario->trace;
    double rate = world->rate;

    if (trace) {
        return world->entry < trace->n ? trace->entries[world->entry].at : SIM_NEVER;
    }
    if (world->scenario->burst > 0) {
        int first = world->now % world->scenario->period < world->scenario->period / 2;
        rate *= first ? 1 + world->scenario->burst : fmax(1 - world->scenario->burst, 1e-9);
    }
    return world->now + (int64_t)(-log(backhand_generator_share(&world->arrivals)) / rate * 1e6);
}

static void plan_next(sim_world *world)
{
    int64_t at = next_arrival(world);
    if (at < world->scenario->warmup + world->scenario->duration) {
        sim_events_add(&world->events, at, SIM_ARRIVAL, 0, 0);
    }
}

/* Draws the dispatcher that a client asks: all equally likely, unless the first has a share of its own. */
static uint32_t draw_entry(sim_world *world, const sim_ask *ask)
{
    uint32_t n = (uint32_t)world->its_case.dispatchers;
    double first = ask->first >= 0 ? ask->first : world->scenario->first;

    if (first < 0 || n == 1) {
        return backhand_generator_below(&world->choices, n);
    }
    return backhand_generator_share(&world->choices) < first ? 0 : 1 + backhand_generator_below(&world->choices, n - 1);
}

/* The dispatcher that a client asks, among those that are up; SIM_NONE: none is. */
static uint32_t entry(sim_world *world, const sim_ask *ask)
{
    uint32_t n = (uint32_t)world->its_case.dispatchers, first = draw_entry(world, ask);

    if (!world->scenario->on_servers) {
        return first;
    }
    for (uint32_t i = 0; i < n; i++) {
        if (world->servers[(first + i) % n].up) {
            return (first + i) % n;
        }
    }
    return SIM_NONE;
}

static void enter(sim_world *world, uint32_t request)
{
    sim_request *asked = sim_request_of(world, request);
    uint32_t dispatcher = entry(world, asked->ask);

    if (dispatcher == SIM_NONE) {
        sim_request_over(world, request, 0);
        return;
    }
    asked->dispatcher = dispatcher;
    if (!world->scenario->on_servers) {
        sim_way_pick(world, request);
        return;
    }
    asked->life = world->servers[dispatcher].life;
    asked->stage = SIM_CAUGHT;
    sim_server_reach(world, dispatcher, request);
}

/* Splits a request into parts. The request itself is not sent; it is over when all its parts are. Each part has its
 * share of the work and the memory, or with `each` all of both. */
static void enter_parts(sim_world *world, uint32_t request)
{
    const sim_scenario *scenario = world->scenario;
    uint32_t spread = (uint32_t)(scenario->parts_max - scenario->parts_min + 1);
    uint32_t parts = (uint32_t)scenario->parts_min + backhand_generator_below(&world->arrivals, spread);
    sim_request *whole = sim_request_of(world, request);

    whole->parts = parts;
    whole->work *= scenario->longer;
    if (!scenario->each) {
        whole->work /= parts;
        whole->memory /= parts;
    }
    for (uint32_t i = 0; i < parts; i++) {
        uint32_t part = sim_request_add(world);
        sim_request *its = sim_request_of(world, part);
        whole = sim_request_of(world, request);
        *its = (sim_request){.ask = whole->ask,
                             .arrived = whole->arrived,
                             .work = whole->work,
                             .memory = whole->memory,
                             .next = SIM_NONE,
                             .parent = request,
                             .server = SIM_NONE,
                             .counts = whole->counts};
        enter(world, part);
    }
}

static const sim_ask *draw_ask(sim_world *world)
{
    const sim_scenario *scenario = world->scenario;
    double left = scenario->n_asks > 1 ? backhand_generator_share(&world->arrivals) * scenario->weights : 0;
    int i;

    for (i = 0; i < scenario->n_asks - 1 && left >= scenario->asks[i].weight; i++) {
        left -= scenario->asks[i].weight;
    }
    return &scenario->asks[i];
}

/* The request that the client makes, and the work that it takes. */
static void describe(sim_world *world, sim_request *asked)
{
    const sim_scenario *scenario = world->scenario;
    const sim_entry *entry = scenario->trace ? &scenario->trace->entries[world->entry++] : NULL;

    asked->ask = entry ? entry->ask : draw_ask(world);
    if (scenario->trace_times && entry) {
        asked->work = (double)(entry->took > 0 ? entry->took : 1) / 1e6;
        return;
    }
    asked->work = asked->ask->times * sim_spread_draw(&scenario->service, &world->arrivals);
}

void sim_arrivals_next(sim_world *world)
{
    const sim_scenario *scenario = world->scenario;
    uint32_t request = sim_request_add(world);
    sim_request *asked = sim_request_of(world, request);

    asked->arrived = world->now;
    describe(world, asked);
    asked->memory = sim_spread_draw(&scenario->memory, &world->arrivals);
    asked->counts = world->now >= scenario->warmup;
    world->result->arrived += asked->counts;
    if (scenario->split > 0 && backhand_generator_share(&world->arrivals) < scenario->split) {
        enter_parts(world, request);
    }
    else {
        enter(world, request);
    }
    plan_next(world);
}

/* CPU seconds that a request takes. */
static double mean_work(const sim_scenario *scenario)
{
    double sum = 0, parts = (scenario->parts_min + scenario->parts_max) / 2.0;
    for (int i = 0; i < scenario->n_asks; i++) {
        sum += scenario->asks[i].weight * scenario->asks[i].times;
    }
    sum *= sim_spread_mean(&scenario->service) / scenario->weights;
    return sum * (1 + scenario->split * (scenario->longer * (scenario->each ? parts : 1) - 1));
}

/* CPU seconds per second that the servers of the start can do together. */
static double capacity(const sim_scenario *scenario)
{
    double sum = 0;
    for (int i = 0; i < scenario->n_groups; i++) {
        const sim_group *group = &scenario->groups[i];
        int most = sim_group_places(group);
        sum += group->joins == 0 ? group->count * group->speed * most : 0;
    }
    return sum;
}

/* Plans the events SIM_CHANGE of a server. Their number is twice the server's, plus 1 when it fails. */
static void plan_life(sim_world *world, uint32_t server)
{
    const sim_group *group = world->servers[server].group;

    if (group->joins == 0) {
        sim_server_start(world, server);
    }
    else {
        sim_events_add(&world->events, group->joins, SIM_CHANGE, 2 * server, 0);
    }
    if (group->fails != SIM_NEVER) {
        sim_events_add(&world->events, group->fails, SIM_CHANGE, 2 * server + 1, 0);
    }
    if (group->back != SIM_NEVER) {
        sim_events_add(&world->events, group->back, SIM_CHANGE, 2 * server, 0);
    }
}

void sim_arrivals_begin(sim_world *world)
{
    const sim_scenario *scenario = world->scenario;

    world->slow = scenario->slow > 0 ? 0 : SIM_NONE;
    world->rate = scenario->trace || scenario->rate > 0 ? scenario->rate
                                                        : scenario->load * capacity(scenario) / mean_work(scenario);
    for (uint32_t server = 0; server < (uint32_t)scenario->servers; server++) {
        plan_life(world, server);
    }
    if (scenario->slow > 0 && scenario->moves > 0) {
        sim_events_add(&world->events, scenario->moves, SIM_MOVE, 0, 0);
    }
    plan_next(world);
}
