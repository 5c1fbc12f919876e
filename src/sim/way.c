/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "sim/way.h"
#include "sim/clock.h"
#include "sim/decision.h"
#include "sim/dispatcher.h"
#include "sim/references.h"
#include "sim/server.h"
#include "table/blame.h"
#include "table/handoff.h"
#include "walk/bounds.h"

/* As in httpd: a hand-off that seems to take longer was held up by something else. */
#define HOP_MAX 1000000

/* --- acting ------------------------------------------------------------------------------------------------ */

static void count(sim_world *world, const sim_request *asked, uint32_t server)
{
    sim_result *result = world->result;
    if (asked->counts) {
        result->handoffs++;
        result->away += !asked->local;
        result->crossed += sim_server_is_far(world, sim_dispatcher_server(world, asked->dispatcher), server);
        result->again += world->before == server;
        result->shares[server]++;
    }
    world->before = server;
}

/* A request that it serves itself counts as returned at once, as in httpd. */
static void count_sent(sim_world *world, sim_request *asked)
{
    sim_dispatcher *it = &world->dispatchers[asked->dispatcher];
    int id = asked->local ? 0 : it->slots[asked->server];

    asked->sent = world->now;
    backhand_table_sent(it->table, id, backhand_table_slot_generation(it->table, id));
    if (asked->local) {
        backhand_table_begun(it->table, id, backhand_table_slot_generation(it->table, id));
        backhand_table_returned(it->table, id, backhand_table_slot_generation(it->table, id));
    }
    it->known[asked->server].own++;
}

static void count_back(sim_world *world, const sim_request *asked)
{
    sim_dispatcher *it = &world->dispatchers[asked->dispatcher];
    int id = it->slots[asked->server];

    it->known[asked->server].own--;
    if (asked->local) {
        return;
    }
    backhand_table_begun(it->table, id, backhand_table_slot_generation(it->table, id));
    if (asked->reported) {
        int64_t hop = world->now - asked->sent - asked->usec;
        backhand_table_report(it->table, id, backhand_table_slot_generation(it->table, id), &asked->report,
                              hop <= HOP_MAX ? hop : -1);
    }
    backhand_table_returned(it->table, id, backhand_table_slot_generation(it->table, id));
}

static int has_own_server(const sim_world *world, const sim_request *asked)
{
    uint32_t own = sim_dispatcher_server(world, asked->dispatcher);
    return own != SIM_NONE && world->servers[own].up && world->servers[own].life == asked->life;
}

static void serve_here(sim_world *world, uint32_t request)
{
    sim_request *asked = sim_request_of(world, request);

    if (!has_own_server(world, asked)) {
        sim_request_over(world, request, 0);
        return;
    }
    asked->server = sim_dispatcher_server(world, asked->dispatcher);
    asked->local = 1;
    asked->stage = SIM_SENT;
    count(world, asked, asked->server);
    count_sent(world, asked);
    sim_server_serve(world, asked->server, request);
}

static int may_hold(const sim_world *world, uint32_t own)
{
    const sim_server *it = &world->servers[own];
    int64_t workers = it->group->workers, held = (int64_t)it->held + 1;

    return workers == 0 || (held <= backhand_bounds_server(-1, 100 * world->scenario->handoffs, workers) &&
                            backhand_bounds_leave_one(held, workers));
}

static void send_to(sim_world *world, uint32_t request, uint32_t server)
{
    sim_request *asked = sim_request_of(world, request);
    uint32_t own = sim_dispatcher_server(world, asked->dispatcher);

    if (own != SIM_NONE) {
        sim_server_unmeter(world, own, request, 0);
        sim_server_hold(world, own);
    }
    asked->server = server;
    asked->stage = SIM_SENT;
    asked->tries++;
    count(world, asked, server);
    count_sent(world, asked);
    world->servers[server].coming++;
    sim_events_add(&world->events, world->now + sim_server_delay(world, own, server) + world->scenario->hop, SIM_REACH,
                   request, 0);
}

/* Does what a step of the walk says. */
static void act(sim_world *world, uint32_t request, const backhand_step *step)
{
    sim_request *asked = sim_request_of(world, request);
    uint32_t own = sim_dispatcher_server(world, asked->dispatcher);

    if (step->kind == BACKHAND_STEP_ASK) {
        send_to(world, request, world->dispatchers[asked->dispatcher].servers[step->id]);
    }
    else if (step->kind == BACKHAND_STEP_HERE) {
        if (step->reason == BACKHAND_HERE_TRIAL) {
            backhand_meter_trial(&world->servers[own].meter, &asked->ring_entry);
        }
        serve_here(world, request);
    }
    else {
        if (own != SIM_NONE) {
            sim_server_unmeter(world, own, request, 0);
        }
        sim_request_over(world, request, 0);
    }
}

static void follow(sim_world *world, uint32_t request, backhand_walk_result last)
{
    uint32_t own = sim_dispatcher_server(world, sim_request_of(world, request)->dispatcher);
    backhand_step step;

    if (last == BACKHAND_RESULT_NONE) {
        sim_decision_walk(world, request, &step);
    }
    else {
        sim_decision_walk_on(world, request, last, &step);
    }
    if (step.kind == BACKHAND_STEP_ASK && own != SIM_NONE && !may_hold(world, own)) {
        sim_decision_walk_on(world, request, BACKHAND_RESULT_LIMIT, &step);
    }
    act(world, request, &step);
}

static void pick_by_reference(sim_world *world, uint32_t request)
{
    uint32_t server = sim_reference_pick(world, request);
    uint32_t own = sim_dispatcher_server(world, sim_request_of(world, request)->dispatcher);

    if (server == SIM_NONE) {
        sim_request_over(world, request, 0);
    }
    else if (own != SIM_NONE && (server == own || !may_hold(world, own))) {
        serve_here(world, request);
    }
    else {
        send_to(world, request, server);
    }
}

void sim_way_pick(sim_world *world, uint32_t request)
{
    if (world->policy->reference == SIM_CHAIN) {
        follow(world, request, BACKHAND_RESULT_NONE);
    }
    else {
        pick_by_reference(world, request);
    }
}

/* --- what comes back --------------------------------------------------------------------------------------- */

void sim_way_returning(sim_world *world, uint32_t request)
{
    sim_request *asked = sim_request_of(world, request);
    const sim_server *server = &world->servers[asked->server];

    if (!world->its_case.figures) {
        return;
    }
    asked->reported = 1;
    asked->usec = world->now - asked->met;
    backhand_work_read(&asked->report, &server->announcement.stat);
    backhand_meter_refresh(&server->meter, sim_clock_now(), &asked->report);
    asked->report.inflight--;
}

/* The worker that waited for another server is free, if its own server still lives as it did. */
static void release(sim_world *world, const sim_request *asked)
{
    if (has_own_server(world, asked)) {
        sim_server_release(world, sim_dispatcher_server(world, asked->dispatcher));
    }
}

void sim_way_answered(sim_world *world, uint32_t request)
{
    sim_request asked = *sim_request_of(world, request);
    int answered = !world->scenario->on_servers || has_own_server(world, &asked);

    count_back(world, &asked);
    sim_request_over(world, request, answered);
    if (!asked.local) {
        release(world, &asked);
    }
}

void sim_way_dropped(sim_world *world, uint32_t request)
{
    const sim_request *asked = sim_request_of(world, request);
    if (asked->local) {
        count_back(world, asked);
    }
    sim_request_over(world, request, 0);
}

static void try_next(sim_world *world, uint32_t request)
{
    if (world->policy->reference == SIM_CHAIN) {
        follow(world, request, BACKHAND_RESULT_FAILED);
    }
    else if (sim_request_of(world, request)->tries >= world->scenario->tries) {
        serve_here(world, request);
    }
    else {
        pick_by_reference(world, request);
    }
}

void sim_way_refused(sim_world *world, uint32_t request)
{
    sim_request *asked = sim_request_of(world, request);
    sim_dispatcher *it = &world->dispatchers[asked->dispatcher];
    int id = it->slots[asked->server];

    asked->reported = 0;
    count_back(world, asked);
    it->known[asked->server].refused = world->now;
    backhand_table_refused(it->table, id, backhand_table_slot_generation(it->table, id));
    if (!world->scenario->on_servers) {
        try_next(world, request);
        return;
    }
    if (!has_own_server(world, asked)) {
        sim_request_over(world, request, 0);
        return;
    }
    /* The worker that waited goes on with it, so no other request may have it in between. */
    sim_server_unhold(world, sim_dispatcher_server(world, asked->dispatcher));
    try_next(world, request);
}

const sim_hears sim_way_hears = {sim_way_pick, sim_way_returning, sim_way_answered, sim_way_dropped};
