/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "sim/server.h"
#include "sim/dispatcher.h"

#include <math.h>
#include <stdio.h>

/* A score of 1 is announced as this. */
#define SCORE_UNIT 1000000
/* Workers of a server that starts as many as it takes. */
#define MANY_WORKERS 1024
/* The memory of a server is announced in bytes. */
#define MEMORY_UNIT 1048576

/* The smallest power of two that no server's load, made comparable by its score, is above: x 1000, as servers that hear
 * each other agree on. Looked at once an interval. */
static int64_t mark_of(sim_world *world)
{
    double best = 0, highest = 0;

    if (world->mark && world->now - world->mark_made < world->scenario->interval) {
        return world->mark;
    }
    for (int i = 0; i < world->scenario->servers; i++) {
        best = fmax(best, world->servers[i].up ? world->servers[i].group->score : 0);
    }
    for (int i = 0; i < world->scenario->servers; i++) {
        const sim_server *it = &world->servers[i];
        highest = fmax(highest, it->up ? it->load * best / it->group->score : 0);
    }
    world->mark = world->mark ? world->mark : 1000;
    while ((double)world->mark < 1000 * highest && world->mark < INT32_MAX / 2) {
        world->mark *= 2;
    }
    world->mark_made = world->now;
    return world->mark;
}

static int64_t idle_share(const sim_world *world, sim_server *it)
{
    int64_t passed = world->now - it->announced;
    double idle = passed > 0 ? 1 - it->used / (double)passed : 1;
    return (int64_t)(1000 * fmin(fmax(idle, 0), 1));
}

static int64_t ready_workers(const sim_server *it)
{
    int64_t ready = (it->group->workers ? it->group->workers : MANY_WORKERS) - (int64_t)it->n_running - it->held;
    if (it->group->workers == 0) {
        return ready > 0 ? ready : 1;
    }
    return ready;
}

/* As backhand_table_patience() makes it of what a table knows. */
static backhand_patience patience_of(const sim_world *world)
{
    double time = world->rate > 0 ? 10e6 * world->scenario->servers / world->rate : 0;
    int64_t usual = (int64_t)fmin(fmax(time, 250e3), 600e6);

    if (world->scenario->on_servers) {
        return (backhand_patience){.others = 8 * usual, .own = usual / 2};
    }
    return (backhand_patience){.others = usual};
}

static void measure_work(const sim_world *world, sim_server *it, serverstat *stat)
{
    backhand_patience alone = patience_of(world);
    backhand_work work;
    backhand_meter_read(&it->meter, sim_clock_now(), &alone, &work);
    stat->inflight = work.inflight;
    stat->service = work.service;
    stat->parallel = work.parallel;
    stat->latency = work.latency;
    stat->errors = work.errors;
    stat->served = work.served;
}

void sim_server_measure(sim_world *world, uint32_t server, serverstat *stat)
{
    sim_server *it = &world->servers[server];
    const sim_group *group = it->group;
    double load = world->scenario->load_window > 0 ? it->load : it->n_running;

    sim_server_changed(world, server);
    stat->arriba = (int64_t)(group->score * SCORE_UNIT);
    stat->nservers = group->workers ? group->workers : MANY_WORKERS;
    stat->aservers = ready_workers(it);
    stat->load = (int64_t)(1000 * load);
    stat->load_hwm = mark_of(world);
    stat->ncpu = group->cpus ? group->cpus : stat->nservers;
    stat->tmem = (int64_t)(group->memory * MEMORY_UNIT);
    stat->amem = (int64_t)(fmax(group->memory - it->memory, 0) * MEMORY_UNIT);
    stat->numbacked = it->backed;
    stat->tatime = (it->time + 500) / 1000;
    measure_work(world, it, stat);
}

static void identify(const sim_world *world, uint32_t server)
{
    backhand_announcement *said = &world->servers[server].said;
    unsigned number = server + 1;

    snprintf(said->stat.hostname, sizeof(said->stat.hostname), "s%u.example.net", number);
    snprintf(said->contact.address, sizeof(said->contact.address), "10.0.%u.%u", number / 250, number % 250 + 1);
    said->contact.port = 80;
    backhand_contact_format(said->stat.contact, &said->contact);
    said->interval = world->scenario->interval / 1000;
    said->keepalive = 15000;
}

void sim_server_announce(sim_world *world, uint32_t server)
{
    sim_server *it = &world->servers[server];
    backhand_announcement *said = &it->said;
    int64_t wait = world->scenario->interval;

    if (said->contact.port == 0) {
        identify(world, server);
    }
    /* Servers that start at once do not speak at once for ever. */
    if (!it->spoken) {
        wait = (int64_t)((double)wait * sim_random_share(&world->network)) + 1;
        it->spoken = 1;
    }
    sim_server_measure(world, server, &said->stat);
    said->stat.cpu = idle_share(world, it);
    it->used = 0;
    it->announced = world->now;
    said->boot = it->life;
    said->sequence = ++it->sequence;
    said->time = (SIM_EPOCH + world->now) / 1000;
    if (world->scenario->on_servers && server < (uint32_t)world->its_case.dispatchers) {
        backhand_table_set_self(world->dispatchers[server].table, said);
        backhand_table_flow(world->dispatchers[server].table);
    }
    sim_events_add(&world->events, world->now + world->scenario->delay, SIM_HEARD, server, it->life);
    if (sim_decisions_to_come(world)) {
        sim_events_add(&world->events, world->now + wait, SIM_ANNOUNCE, server, it->life);
    }
}
