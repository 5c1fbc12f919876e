/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "sim/foresight.h"
#include "sim/server.h"

#include <math.h>

/* The time of a request that never ends; it still compares as less than that of a server that is not there. */
#define NEVER 1e300
/* The most requests whose work is looked at one by one. */
#define MOST 8192

/* With one worker for each request the one that is decided on has its own. */
static int has_its_worker(const sim_group *group, int here)
{
    return here && group->workers > 0;
}

static double mean_of(const sim_world *world)
{
    double mean = sim_spread_mean(&world->scenario->service), sum = 0;
    for (int i = 0; i < world->scenario->n_asks; i++) {
        sum += world->scenario->asks[i].weight * world->scenario->asks[i].times;
    }
    return mean * sum / world->scenario->weights;
}

static int never(const sim_world *world, const sim_server *it)
{
    const sim_group *group = it->group;
    return !it->up || (group->errors >= 1 && world->now >= group->errs && world->now < group->mended);
}

double sim_foresight_mean(const sim_world *world, const sim_request *asked, uint32_t server, int here)
{
    const sim_server *it = &world->servers[server];
    int places = sim_group_places(it->group);
    double mean = sim_spread_mean(&world->scenario->service) * asked->ask->times,
           speed = sim_server_speed(world, server);
    double n = has_its_worker(it->group, here) ? 0 : sim_server_inflight(it), beyond = fmax(0, n + 1 - places);

    if (never(world, it)) {
        return NEVER;
    }
    if (places == 0 || beyond <= 0) {
        return mean / speed;
    }
    return it->group->cpus ? mean * (n + 1) / places / speed : (mean + mean_of(world) * beyond / places) / speed;
}

/* The remaining work of each request there; the mean for requests on their way. */
static int remaining(const sim_world *world, const sim_server *it, double out[MOST])
{
    int n = 0;
    for (uint32_t i = 0; i < it->n_running && n < MOST; i++) {
        out[n++] = sim_request_of(world, it->running[i])->ends - it->done;
    }
    return n;
}

/* All requests share the CPUs equally until they end. */
static double shared(const sim_world *world, const sim_server *it, double work)
{
    double left[MOST], sum = 0, mean = mean_of(world);
    int n = remaining(world, it, left), longer = 1;

    for (uint32_t i = 0; i < it->coming && n < MOST; i++) {
        left[n++] = mean;
    }
    for (int i = 0; i < n; i++) {
        longer += left[i] >= work;
        sum += left[i] < work ? left[i] : 0;
    }
    return fmax(work, (sum + longer * work) / it->group->cpus);
}

static int earliest(const double *slots, int n)
{
    int first = 0;
    for (int i = 1; i < n; i++) {
        first = slots[i] < slots[first] ? i : first;
    }
    return first;
}

/* Waiting requests get the places one after the other as they become free. */
static double queued(const sim_world *world, const sim_server *it, double work, int places)
{
    double slots[MOST], mean = mean_of(world);
    int n = remaining(world, it, slots);
    uint32_t request = it->first;

    places = places < 1 ? 1 : places < MOST ? places : MOST;
    while (n < places) {
        slots[n++] = 0;
    }
    for (uint32_t i = 0; i < it->waiting; i++) {
        slots[earliest(slots, n)] += sim_request_of(world, request)->work;
        request = sim_request_of(world, request)->next;
    }
    for (uint32_t i = 0; i < it->coming; i++) {
        slots[earliest(slots, n)] += mean;
    }
    return slots[earliest(slots, n)] + work;
}

double sim_foresight_exact(const sim_world *world, const sim_request *asked, uint32_t server, int here)
{
    const sim_server *it = &world->servers[server];
    int places = sim_group_places(it->group);
    double speed = sim_server_speed(world, server);

    if (never(world, it)) {
        return NEVER;
    }
    if (places == 0 || has_its_worker(it->group, here) || sim_server_inflight(it) < (uint32_t)places) {
        return asked->work / speed;
    }
    return (it->group->cpus ? shared(world, it, asked->work) : queued(world, it, asked->work, places)) / speed;
}
