/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "sim/decision.h"
#include "sim/asks.h"
#include "sim/clock.h"
#include "sim/dispatcher.h"

#include <apr_strings.h>

#include <stdio.h>
#include <string.h>

void sim_decision_complain(const char *what)
{
    sim_decision *now = (sim_decision *)backhand_chain_current();
    sim_result *result = now ? now->world->result : NULL;

    if (result && result->complaints++ == 0) {
        apr_cpystrn(result->complaint, what, sizeof(result->complaint));
    }
}

static void complain(void *ctx, const backhand_function *f, const char *what)
{
    char text[SIM_COMPLAINT_SIZE];
    (void)ctx;
    snprintf(text, sizeof(text), "%s%s%s (%s) %s", f->name, f->arg ? " " : "", f->arg ? f->arg : "", f->where, what);
    sim_decision_complain(text);
}

void sim_decide(sim_world *world, uint32_t request, sim_decision *out)
{
    const sim_request *asked = sim_request_of(world, request);
    const backhand_table *table = world->dispatchers[asked->dispatcher].table;

    *out = (sim_decision){.candidates = {.list = world->list}, .world = world};
    if (world->policy->reads_request) {
        sim_request_rec_fill(world->r, asked->ask);
    }
    backhand_table_publish(world->dispatchers[asked->dispatcher].table);
    backhand_chain_run(&world->policy->chain, table, world->r, &out->candidates, complain, NULL);
}

/* --- the walk through the candidates -------------------------------------------------------------------------- */

backhand_walk_rules sim_decision_rules(const sim_scenario *scenario)
{
    return (backhand_walk_rules){
        .retry = scenario->retry,
        .tries = scenario->tries,
        .max_wait = scenario->max_wait,
        .serves = scenario->on_servers,
        .asks_self = !scenario->on_servers, /* but slot 0 is nobody */
        .can_ask = 1,
        .tls = 1,
        .queues = !scenario->on_servers,
        .no_redirects = 1,
    };
}

static backhand_table *table_of(const sim_world *world, const sim_request *asked)
{
    return world->dispatchers[asked->dispatcher].table;
}

static uint64_t *nobody_asked(const sim_world *world, const backhand_table *table)
{
    memset(world->asked, 0, BACKHAND_WALK_WORDS((size_t)backhand_table_max(table)) * sizeof(*world->asked));
    return world->asked;
}

/* Remembers the candidates around the one that is asked now. Servers that were asked before are out already. */
static void remember(sim_request *asked, const backhand_candidates *candidates)
{
    int at = asked->walk.at;

    asked->generation = candidates->generation;
    asked->n_further = 0;
    for (int i = 0; i < at && i < SIM_FURTHER; i++) {
        asked->further[asked->n_further++] = (uint16_t)candidates->list[i].id;
    }
    asked->n_before = asked->n_further;
    for (int i = at + 1; i < candidates->n && i <= at + SIM_FURTHER; i++) {
        asked->further[asked->n_further++] = (uint16_t)candidates->list[i].id;
    }
}

void sim_decision_walk(sim_world *world, uint32_t request, backhand_step *step)
{
    sim_request *asked = sim_request_of(world, request);
    const backhand_table *table = table_of(world, asked);
    sim_decision decision;

    sim_decide(world, request, &decision);
    backhand_walk_begin(&asked->walk, table, &world->rules, &decision.candidates, nobody_asked(world, table));
    backhand_walk_step(&asked->walk, BACKHAND_RESULT_NONE, step);
    if (step->kind == BACKHAND_STEP_ASK) {
        remember(asked, &decision.candidates);
    }
}

void sim_decision_walk_on(sim_world *world, uint32_t request, backhand_walk_result last, backhand_step *step)
{
    sim_request *asked = sim_request_of(world, request);
    backhand_candidates candidates = {.list = world->list, .n = asked->n_further, .generation = asked->generation};

    for (int i = 0; i < candidates.n; i++) {
        world->list[i] = (ServerSlot){asked->further[i], BACKHAND_HANDOFF};
    }
    backhand_walk_resume(&asked->walk, &candidates, asked->n_before, nobody_asked(world, table_of(world, asked)));
    backhand_walk_step(&asked->walk, last, step);
    if (step->kind == BACKHAND_STEP_ASK) {
        remember(asked, &candidates);
    }
}
