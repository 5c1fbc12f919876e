/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "candidacy/builtins.h"
#include "candidacy/chain.h"
#include "candidacy/decide.h"
#include "candidacy/explanation.h"
#include "candidacy/pick.h"

/* A request with a free place here is sent away for speed or errors alone if it would take longer here by this, as a
 * difference of logarithms. */
#define WORSE 0.223

/* A decision: the servers of the contest, in its order. */
typedef struct choice {
    backhand_contest contest;
    ServerSlot slot[BACKHAND_OTHERS + 1];
    ServerSlot self;
} choice;

static int is_rehearsal(const backhand_explanation *e)
{
    return e && e->rehearsal;
}

/* The trials that the decision asks, which notes that in them. A rehearsal asks a copy. */
static backhand_trials *trials_for(backhand_meter *meter, const backhand_explanation *e, backhand_trials *copy)
{
    if (!is_rehearsal(e)) {
        return &meter->trials;
    }
    backhand_trials_copy(copy, &meter->trials);
    return copy;
}

static void explain(backhand_explanation *e, const choice *all)
{
    const backhand_contest *contest = &all->contest;

    for (int i = 0; e && i < contest->others + contest->here; i++) {
        backhand_estimate_explain(e, i < contest->others ? all->slot[i].id : 0, &contest->of[i],
                                  backhand_decide_time(contest, i));
    }
}

/* True if this server's meter alone gives the request a place here. */
static int has_place(backhand_meter *meter, const backhand_explanation *e)
{
    if (is_rehearsal(e)) {
        return backhand_meter_would_give(meter);
    }
    if (!backhand_meter_give(meter)) {
        return 0;
    }
    backhand_trials_well(&meter->trials);
    return 1;
}

/* This server's own figures decided. */
static void explain_free(backhand_explanation *e, const backhand_meter *meter)
{
    backhand_explanation_read(e, 0, "in_flight", (double)backhand_meter_inflight(meter));
    backhand_explanation_read(e, 0, "at_once", (double)backhand_number_get(&meter->room) / 1000);
    backhand_explanation_say(e, "a place is free here, and by the last comparison no other server is surely faster: "
                                "the others were not looked at");
}

static void add(choice *out, const backhand_table *table, ServerSlot slot, apr_time_t now)
{
    /* At a server without a ready worker the request would wait in a queue that no figure shows. If this server may not
     * serve the request, such servers are kept: dispatch still serves it here when no server is ready. */
    if (!out->contest.here || backhand_table_ready(table, slot.id) > 0) {
        out->slot[out->contest.others] = slot;
        backhand_estimate_make(&out->contest.of[out->contest.others++], table, slot.id, now);
    }
}

static void pick_of_all(choice *out, const backhand_table *table, apr_time_t now)
{
    int ids[BACKHAND_OTHERS], n = backhand_pick_any(table, ids, BACKHAND_OTHERS, now);

    out->contest.here = 1;
    out->self = (ServerSlot){0, BACKHAND_HANDOFF};
    for (int i = 0; i < n; i++) {
        add(out, table, (ServerSlot){ids[i], BACKHAND_HANDOFF}, now);
    }
}

static void pick_of_list(choice *out, const backhand_table *table, ServerSlot *servers, int *n, apr_time_t now)
{
    int others = backhand_pick(table, servers, n, BACKHAND_OTHERS);

    /* This server comes last, if at all. */
    if (others > 0 && servers[others - 1].id == 0) {
        out->contest.here = 1;
        out->self = servers[--others];
    }
    for (int i = 0; i < others; i++) {
        add(out, table, servers[i], now);
    }
}

static int stays(backhand_candidates *run, ServerSlot *servers, int *n, ServerSlot self, backhand_why why)
{
    servers[0] = self;
    if (run) {
        run->why = why;
    }
    return *n = 1;
}

static int goes(ServerSlot *servers, int *n, const choice *of, const backhand_verdict *verdict)
{
    backhand_candidates *run = backhand_chain_current();

    for (*n = 0; *n < verdict->n; (*n)++) {
        servers[*n] = of->slot[verdict->best[*n]];
    }
    if (of->contest.here) {
        servers[(*n)++] = of->self;
    }
    if (run) {
        run->why = of->contest.here && verdict->n > 0 ? BACKHAND_WHY_SOONER : BACKHAND_WHY_CHAIN;
    }
    return *n;
}

/* This server's entry in the list; NULL: it has none. */
static const ServerSlot *find_self(const ServerSlot *servers, int n)
{
    for (int i = 0; i < n; i++) {
        if (servers[i].id == 0) {
            return &servers[i];
        }
    }
    return NULL;
}

static int decide(choice *all, ServerSlot *servers, int *n, backhand_trials *trials, apr_time_t now)
{
    backhand_verdict verdict;

    backhand_decide(&verdict, &all->contest);
    if (!all->contest.here || (verdict.n > 0 && (!verdict.free || verdict.gap < WORSE))) {
        return goes(servers, n, all, &verdict);
    }
    if (verdict.n == 0) {
        if (verdict.free) {
            backhand_trials_well(trials);
        }
        return stays(backhand_chain_current(), servers, n, all->self,
                     verdict.free ? BACKHAND_WHY_FREE : BACKHAND_WHY_HERE);
    }
    if (backhand_trials_due(trials, verdict.gap, now)) {
        return stays(backhand_chain_current(), servers, n, all->self, BACKHAND_WHY_TRIAL);
    }
    return goes(servers, n, all, &verdict);
}

int backhand_by_expected_time(struct request_rec *r, ServerSlot *servers, int *n, char *arg)
{
    const backhand_table *table = backhand_table_current();
    backhand_meter *meter = backhand_table_meter(table);
    backhand_candidates *run = backhand_chain_current();
    int all_of_them = run && run->list == servers && run->unfilled;
    const ServerSlot *self = all_of_them ? NULL : find_self(servers, *n);
    backhand_explanation *explanation = run ? run->explanation : NULL;
    backhand_trials copy;
    int64_t bias = 0;
    choice all;
    apr_time_t now;

    (void)r;
    /* Most requests are decided here: by this server's meter alone, and by the moderator's comparison with the others.
     */
    if ((all_of_them || self) && has_place(meter, explanation)) {
        ServerSlot here = self ? *self : (ServerSlot){0, BACKHAND_HANDOFF};
        if (run) {
            run->unfilled = 0;
        }
        if (explanation) {
            explain_free(explanation, meter);
        }
        return stays(run, servers, n, here, BACKHAND_WHY_FREE);
    }
    if (arg) {
        backhand_argument_thousandths(&bias, arg);
    }
    now = backhand_table_now(table);
    all.contest.others = all.contest.here = 0;
    all.contest.bias = (double)bias;
    if (all_of_them) {
        run->unfilled = 0;
        pick_of_all(&all, table, now);
    }
    else {
        pick_of_list(&all, table, servers, n, now);
    }
    if (all.contest.here) {
        backhand_estimate_make(&all.contest.of[all.contest.others], table, 0, now);
    }
    explain(explanation, &all);
    return decide(&all, servers, n, trials_for(meter, explanation, &copy), now);
}
