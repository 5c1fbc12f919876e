/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "base/average.h"
#include "sim/server.h"
#include "sim/memory.h"

#include <math.h>
#include <string.h>

/* CPU seconds: less than a nanosecond is rounding. */
#define ROUNDING 1e-9
/* An answer with an error takes so long, CPU seconds. */
#define ERROR_WORK 0.001

/* --- how fast ---------------------------------------------------------------------------------------------- */

double sim_server_speed(const sim_world *world, uint32_t server)
{
    const sim_server *it = &world->servers[server];
    double speed = it->group->speed;

    if (it->group->colder > 1 && world->now < it->started + it->group->warm) {
        speed /= it->group->colder;
    }
    return world->slow == server ? speed / world->scenario->slow : speed;
}

static double rate_of(const sim_world *world, uint32_t server)
{
    const sim_server *it = &world->servers[server];
    const sim_group *group = it->group;
    double rate = sim_server_speed(world, server);

    if (group->cpus && it->n_running > (uint32_t)group->cpus) {
        rate *= (double)group->cpus / it->n_running;
    }
    if (group->memory > 0 && it->memory > group->memory) {
        rate /= world->scenario->thrash;
    }
    return rate;
}

/* Share of what serves, CPUs or workers, that is used. */
static double use_of(const sim_server *it)
{
    int most = sim_group_places(it->group);
    return most && it->n_running < (uint32_t)most ? (double)it->n_running / most : it->n_running > 0;
}

/* Brings the clock of work and the averages to this moment. To be called before anything changes. */
static void advance(sim_world *world, sim_server *it)
{
    int64_t passed = world->now - it->since;
    double window = world->scenario->load_window;

    if (passed <= 0) {
        return;
    }
    it->done += it->rate * (double)passed / 1e6;
    it->used += use_of(it) * (double)passed;
    if (window > 0) {
        it->load = it->n_running + (it->load - it->n_running) * exp((double)-passed / 1e6 / window);
    }
    it->since = world->now;
}

/* --- requests that are served ------------------------------------------------------------------------------ */

static double ends_of(const sim_world *world, uint32_t request)
{
    return sim_request_of(world, request)->ends;
}

static void running_add(const sim_world *world, sim_server *it, uint32_t request)
{
    uint32_t place;
    double ends = ends_of(world, request);

    if (it->n_running == it->room) {
        it->room = it->room ? 2 * it->room : 16;
        it->running = sim_memory_resize(it->running, it->room, sizeof(*it->running));
    }
    for (place = it->n_running++; place > 0 && ends < ends_of(world, it->running[(place - 1) / 2]);
         place = (place - 1) / 2) {
        it->running[place] = it->running[(place - 1) / 2];
    }
    it->running[place] = request;
}

static uint32_t running_take(const sim_world *world, sim_server *it)
{
    uint32_t first = it->running[0], last = it->running[--it->n_running], place = 0, child;

    while ((child = 2 * place + 1) < it->n_running) {
        if (child + 1 < it->n_running && ends_of(world, it->running[child + 1]) < ends_of(world, it->running[child])) {
            child++;
        }
        if (ends_of(world, it->running[child]) >= ends_of(world, last)) {
            break;
        }
        it->running[place] = it->running[child];
        place = child;
    }
    it->running[place] = last;
    return first;
}

/* Works out how fast it goes from now on and when the next request ends. */
static void plan(sim_world *world, uint32_t server)
{
    sim_server *it = &world->servers[server];
    int64_t at = SIM_NEVER;

    it->rate = rate_of(world, server);
    if (it->n_running == 0) {
        it->done = 0;
    }
    else {
        double left = ends_of(world, it->running[0]) - it->done;
        at = world->now + (left > ROUNDING ? (int64_t)ceil(left / it->rate * 1e6) : 0);
    }
    if (at == it->planned) {
        return;
    }
    it->planned = at;
    it->plan++;
    if (at != SIM_NEVER) {
        sim_events_add(&world->events, at, SIM_DONE, server, it->plan);
    }
}

static int errs(sim_world *world, const sim_group *group)
{
    return group->errors > 0 && world->now >= group->errs && world->now < group->mended &&
           backhand_generator_share(&world->choices) < group->errors;
}

static void serve(sim_world *world, sim_server *it, uint32_t request)
{
    sim_request *asked = sim_request_of(world, request);
    double work = asked->work;

    if (errs(world, it->group)) {
        asked->error = 1;
        work = ERROR_WORK;
    }
    if (it->group->cpus && !asked->local) {
        work += (double)world->scenario->hop_work / 1e6;
    }
    asked->began = world->now;
    asked->ends = it->done + work;
    it->memory += asked->memory;
    running_add(world, it, request);
}

/* --- workers and those that wait for one ------------------------------------------------------------------- */

static int has_worker(const sim_server *it)
{
    int most = it->group->slots ? it->group->slots : it->group->workers;
    return most == 0 || it->n_running + it->held < (uint32_t)most;
}

static uint32_t queue_take(const sim_world *world, sim_server *it)
{
    uint32_t request = it->first;
    it->first = sim_request_of(world, request)->next;
    it->waiting--;
    return request;
}

static void queue_add(const sim_world *world, sim_server *it, uint32_t request)
{
    sim_request_of(world, request)->next = SIM_NONE;
    if (it->waiting++ == 0) {
        it->first = request;
    }
    else {
        sim_request_of(world, it->last)->next = request;
    }
    it->last = request;
}

/* Gives free workers to those that wait. */
static void work(sim_world *world, uint32_t server)
{
    sim_server *it = &world->servers[server];

    advance(world, it);
    while (it->waiting && has_worker(it)) {
        uint32_t request = queue_take(world, it);
        if (!world->scenario->backlog && !it->group->slots) {
            sim_server_meter(world, server, request);
        }
        if (sim_request_of(world, request)->stage == SIM_CAUGHT) {
            world->hears->pick(world, request);
        }
        else {
            serve(world, it, request);
        }
    }
    plan(world, server);
}

static void note_peak(sim_world *world, const sim_server *it)
{
    int workers = sim_group_places(it->group) ? sim_group_places(it->group) : 1;
    double peak = (double)(it->n_running + it->held + it->waiting) / workers;
    if (world->now >= world->scenario->warmup && peak > world->result->peak) {
        world->result->peak = peak;
    }
}

static void queue(sim_world *world, uint32_t server, uint32_t request)
{
    sim_server *it = &world->servers[server];

    queue_add(world, it, request);
    note_peak(world, it);
    if (world->scenario->backlog && !it->group->slots) {
        sim_server_meter(world, server, request);
    }
    if (has_worker(it)) {
        work(world, server);
    }
}

void sim_server_reach(sim_world *world, uint32_t server, uint32_t request)
{
    sim_server *it = &world->servers[server];
    const sim_request *asked = sim_request_of(world, request);

    if (asked->stage == SIM_SENT) {
        it->coming--;
        if (!it->up) {
            sim_events_add(&world->events, world->now + sim_server_way_back(world, request), SIM_REFUSAL, request, 0);
            return;
        }
        it->backed++;
    }
    if (it->group->slots) {
        sim_server_meter(world, server, request);
        if (asked->stage == SIM_CAUGHT) {
            world->hears->pick(world, request);
            return;
        }
    }
    queue(world, server, request);
}

void sim_server_serve(sim_world *world, uint32_t server, uint32_t request)
{
    sim_server *it = &world->servers[server];

    if (it->group->slots) {
        queue(world, server, request);
        return;
    }
    advance(world, it);
    serve(world, it, request);
    plan(world, server);
}

void sim_server_hold(sim_world *world, uint32_t server)
{
    world->servers[server].held += world->servers[server].group->workers > 0;
}

void sim_server_unhold(sim_world *world, uint32_t server)
{
    world->servers[server].held -= world->servers[server].group->workers > 0;
}

void sim_server_release(sim_world *world, uint32_t server)
{
    sim_server_unhold(world, server);
    work(world, server);
}

static void end_first(sim_world *world, uint32_t server)
{
    sim_server *it = &world->servers[server];
    uint32_t request = running_take(world, it);
    sim_request *ended = sim_request_of(world, request);

    it->memory -= ended->memory;
    if (!ended->local) {
        world->hears->returning(world, request);
    }
    sim_server_unmeter(world, server, request, 1);
    if (ended->local) {
        world->hears->answered(world, request);
        return;
    }
    it->time = backhand_average_add_time(it->time, world->now - ended->began);
    sim_events_add(&world->events, world->now + sim_server_way_back(world, request), SIM_ANSWER, request, 0);
}

void sim_server_done(sim_world *world, uint32_t server, uint64_t number)
{
    sim_server *it = &world->servers[server];

    if (number != it->plan) {
        return;
    }
    it->planned = SIM_NEVER;
    advance(world, it);
    while (it->n_running && ends_of(world, it->running[0]) <= it->done + ROUNDING) {
        end_first(world, server);
    }
    if (it->n_running == 0) {
        it->memory = 0;
    }
    work(world, server);
}

/* --- its life ---------------------------------------------------------------------------------------------- */

static void drop(sim_world *world, uint32_t request)
{
    sim_request *dropped = sim_request_of(world, request);
    dropped->level = 0;
    if (dropped->local || dropped->stage == SIM_CAUGHT) {
        world->hears->dropped(world, request);
    }
    else {
        sim_events_add(&world->events, world->now + sim_server_way_back(world, request), SIM_REFUSAL, request, 0);
    }
}

void sim_server_fail(sim_world *world, uint32_t server)
{
    sim_server *it = &world->servers[server];

    advance(world, it);
    it->up = 0;
    it->life++;
    while (it->n_running) {
        drop(world, running_take(world, it));
    }
    while (it->waiting) {
        drop(world, queue_take(world, it));
    }
    it->held = 0;
    it->memory = 0;
    memset(&it->meter, 0, sizeof(it->meter));
    memset(&it->working, 0, sizeof(it->working));
    plan(world, server);
}

void sim_server_start(sim_world *world, uint32_t server)
{
    sim_server *it = &world->servers[server];

    it->since = it->announced = it->started = world->now;
    it->up = 1;
    it->life++;
    it->load = it->used = 0;
    it->spoken = 0;
    it->backed = it->time = 0;
    plan(world, server);
    sim_events_add(&world->events, world->now, SIM_ANNOUNCE, server, it->life);
    if (it->group->colder > 1) {
        sim_events_add(&world->events, world->now + it->group->warm, SIM_WARM, server, 0);
    }
}

void sim_server_changed(sim_world *world, uint32_t server)
{
    advance(world, &world->servers[server]);
    plan(world, server);
}

uint32_t sim_server_inflight(const sim_server *server)
{
    return server->n_running + server->held + server->waiting + server->coming;
}
