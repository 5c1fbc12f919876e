/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "sim/server.h"
#include "sim/dispatcher.h"
#include "host/figures.h"
#include "table/update.h"

#include <apr_strings.h>

#include <math.h>
#include <stdio.h>

/* A score of 1 is announced as this. */
#define SCORE_UNIT 1000000
/* The announced number of workers of a server without a limit. */
#define MANY_WORKERS 1024
/* The memory of a server is announced in bytes. */
#define MEMORY_UNIT 1048576

/* The high-water mark of load, x 1000, on which servers that hear each other agree: the smallest power of two that is
 * not below any server's load, scaled by its score. Computed once an interval. */
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
    world->mark = backhand_highwater_above(world->mark, 1000 * highest);
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

/* The table of the dispatcher on that server, if there is one. */
static backhand_table *table_of(const sim_world *world, uint32_t server)
{
    return world->scenario->on_servers && server < (uint32_t)world->its_case.dispatchers
               ? world->dispatchers[server].table
               : NULL;
}

static void measure_work(const sim_world *world, uint32_t server, serverstat *stat)
{
    sim_server *it = &world->servers[server];

    it->working.meter = &it->meter;
    it->working.table = table_of(world, server);
    it->working.interval = world->scenario->interval;
    it->working.servers = world->scenario->servers;
    it->working.keeps_workers = it->group->workers > 0;
    backhand_working_measure(&it->working, stat, it->held, sim_clock_now());
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
    stat->ncpu = sim_group_places(group) ? sim_group_places(group) : stat->nservers;
    stat->tmem = (int64_t)(group->memory * MEMORY_UNIT);
    stat->amem = (int64_t)(fmax(group->memory - it->memory, 0) * MEMORY_UNIT);
    stat->numbacked = it->backed;
    stat->tatime = (it->time + 500) / 1000;
    measure_work(world, server, stat);
}

static void identify(const sim_world *world, uint32_t server)
{
    backhand_announcement *announcement = &world->servers[server].announcement;
    unsigned number = server + 1;

    snprintf(announcement->stat.hostname, sizeof(announcement->stat.hostname), "s%u.example.net", number);
    snprintf(announcement->contact.address, sizeof(announcement->contact.address), "10.0.%u.%u", number / 250,
             number % 250 + 1);
    announcement->contact.port = 80;
    backhand_contact_format(announcement->stat.contact, &announcement->contact);
    apr_cpystrn(announcement->zone, world->servers[server].group->zone, sizeof(announcement->zone));
    announcement->interval = world->scenario->interval / 1000;
    announcement->keepalive = 15000;
}

/* Sends `announcement`. */
static void say(sim_world *world, uint32_t server)
{
    sim_server *it = &world->servers[server];
    backhand_announcement *announcement = &it->announcement;

    announcement->boot = it->life;
    announcement->sequence = ++it->sequence;
    announcement->time = (SIM_EPOCH + world->now) / 1000;
    if (table_of(world, server)) {
        backhand_table_set_self(table_of(world, server), announcement);
    }
    it->sent = *announcement;
    backhand_working_announce(&it->working, &it->sent.stat, sim_clock_now());
    sim_events_add(&world->events, world->now + world->scenario->delay, SIM_HEARD, server, it->life);
    if (it->far) {
        it->far[it->sequence % SIM_FAR] = it->sent;
        sim_events_add(&world->events, world->now + world->scenario->zone_delay, SIM_HEARD_FAR, server, it->sequence);
    }
}

/* --- early announcements ----------------------------------------------------------------------------------- */

void sim_server_plan_look(sim_world *world, uint32_t server)
{
    sim_server *it = &world->servers[server];

    if (!it->looks && it->spoken && BACKHAND_EARLY_LOOK < world->scenario->interval && sim_decisions_to_come(world)) {
        it->looks = 1;
        sim_events_add(&world->events, world->now + BACKHAND_EARLY_LOOK, SIM_LOOK, server, it->life);
    }
}

void sim_server_look(sim_world *world, uint32_t server)
{
    sim_server *it = &world->servers[server];

    if (backhand_working_news(&it->working, sim_clock_now())) {
        if (backhand_working_recovered(&it->working)) {
            sim_server_measure(world, server, &it->announcement.stat);
        }
        it->announcement.stat.aservers = ready_workers(it);
        backhand_working_refresh(&it->working, &it->announcement.stat, it->held, sim_clock_now());
        say(world, server);
    }
    else if (backhand_working_due(&it->working, sim_clock_now())) {
        sim_server_measure(world, server, &it->announcement.stat);
    }
    if (backhand_meter_inflight(&it->meter) > 0) {
        sim_server_plan_look(world, server);
    }
}

void sim_server_announce(sim_world *world, uint32_t server)
{
    sim_server *it = &world->servers[server];
    backhand_announcement *announcement = &it->announcement;
    int64_t wait = world->scenario->interval;

    if (announcement->contact.port == 0) {
        identify(world, server);
    }
    /* A random first interval: servers that start at the same time do not announce at the same time for ever. */
    if (!it->spoken) {
        wait = (int64_t)((double)wait * backhand_generator_share(&world->network)) + 1;
        it->spoken = 1;
    }
    sim_server_measure(world, server, &announcement->stat);
    announcement->stat.cpu = idle_share(world, it);
    it->used = 0;
    it->announced = world->now;
    say(world, server);
    if (sim_decisions_to_come(world)) {
        sim_events_add(&world->events, world->now + wait, SIM_ANNOUNCE, server, it->life);
    }
}
