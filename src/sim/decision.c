/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "sim/decision.h"
#include "sim/asks.h"
#include "sim/clock.h"
#include "sim/dispatcher.h"
#include "table/blame.h"

#include <apr_strings.h>

#include <stdio.h>

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

static int refused_lately(const sim_world *world, const backhand_table *table, int id)
{
    return backhand_table_refused_lately(table, id, world->scenario->retry);
}

int sim_choose(const sim_world *world, uint32_t dispatcher, const ServerSlot *list, int n, uint64_t generation)
{
    const backhand_table *table = world->dispatchers[dispatcher].table;

    for (int lately = 0; lately <= 1; lately++) {
        for (int i = 0; i < n; i++) {
            int id = list[i].id;
            if (id == 0 && world->scenario->on_servers) {
                return SIM_SERVE_HERE;
            }
            if (id == 0 || refused_lately(world, table, id) != lately ||
                !backhand_table_usable(table, id, generation)) {
                continue;
            }
            if (!world->scenario->on_servers || backhand_table_ready(table, id) > 0) {
                return i;
            }
        }
    }
    return world->scenario->on_servers ? SIM_SERVE_HERE : SIM_NO_SERVER;
}
