/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* Load is not what you should balance: introducing Prequal (Wydrowski, Kleinberg, Rumble, Archer; NSDI 2024): of the
 * servers known from recent answers those with more requests in flight than most are hot; among the cold the one with
 * the lowest latency is the best, among the hot the one with the fewest requests. The latency is the time that the next
 * request would take by the estimates of estimate.h, so that servers that differ by chance alone do not differ here. */

#include "candidacy/builtins.h"
#include "candidacy/chain.h"
#include "candidacy/estimate.h"
#include "candidacy/pick.h"
#include "candidacy/rank.h"

#include <math.h>

/* The number of servers compared; the pool of probes in the paper is as large. */
#define POOL 16
/* A server is hot above this quantile of the requests in flight: 2^-0.25. */
#define HOT_PER_MILLE 841
/* If this server is worse than the best one by this difference of logarithms, it makes trials of itself. */
#define WORSE 0.223
/* Added to the key of a hot server, so that it comes after every latency, us. */
#define HOT 1e15
/* A server with this burden for errors or more comes after the hot ones: it is seldom hot itself. */
#define FAILING 2

typedef struct pool {
    int id[POOL + 1];
    backhand_estimate of[POOL + 1];
    double calm[POOL + 1]; /* us that a request takes there without a queue */
    int n;
    double hot; /* requests in flight from which on a server is hot */
} pool;

static double threshold(const pool *all)
{
    double sorted[POOL + 1];

    for (int i = 0; i < all->n; i++) {
        int at = i;
        for (; at > 0 && sorted[at - 1] > all->of[i].inflight; at--) {
            sorted[at] = sorted[at - 1];
        }
        sorted[at] = all->of[i].inflight;
    }
    return all->n ? sorted[(all->n - 1) * HOT_PER_MILLE / 1000] : 0;
}

static int find(const pool *all, int id)
{
    for (int i = 0; i < all->n; i++) {
        if (all->id[i] == id) {
            return i;
        }
    }
    return -1;
}

/* Orders cold servers by latency, then hot servers by requests in flight. */
static int64_t key_prequal(int id, const void *ctx)
{
    const pool *all = ctx;
    int i = find(all, id);

    if (i < 0) {
        return INT64_MAX;
    }
    if (all->of[i].burden > FAILING) {
        return backhand_rank_key_of(2 * HOT * all->of[i].burden);
    }
    if (all->of[i].inflight > all->hot) {
        return backhand_rank_key_of(HOT + all->of[i].inflight);
    }
    return backhand_rank_key_of(all->calm[i] * (1 + backhand_estimate_queue(&all->of[i])));
}

static void read_pool(pool *all, const backhand_table *table, const ServerSlot *servers, int n)
{
    apr_time_t now = backhand_table_now(table);
    const backhand_estimate *reference;

    for (all->n = 0; all->n < n; all->n++) {
        all->id[all->n] = servers[all->n].id;
        backhand_estimate_make(&all->of[all->n], table, servers[all->n].id, now);
    }
    reference = backhand_estimate_reference(all->of, all->n);
    for (int i = 0; i < all->n; i++) {
        all->calm[i] = backhand_estimate_times(&all->of[i], reference) * all->of[i].stall * all->of[i].burden *
                       backhand_estimate_usual(reference);
    }
    all->hot = threshold(all);
}

static void explain(const pool *all)
{
    backhand_explanation *e = backhand_chain_explanation();

    for (int i = 0; e && i < all->n; i++) {
        backhand_estimate_explain(e, all->id[i], &all->of[i],
                                  all->calm[i] * (1 + backhand_estimate_queue(&all->of[i])));
    }
    if (e) {
        backhand_explanation_say(e, "servers with more than %.1f requests in flight come after the others", all->hot);
    }
}

/* Moves this server, the last of the list, to a random place: among equal servers chance decides. */
static void mix_in_self(ServerSlot *servers, int n)
{
    int other = (int)backhand_random_below((uint32_t)n);
    ServerSlot last = servers[n - 1];
    servers[n - 1] = servers[other];
    servers[other] = last;
}

static void put_first(ServerSlot *servers, int n, int id)
{
    for (int i = n - 1; i > 0; i--) {
        if (servers[i].id == id) {
            ServerSlot slot = servers[i];
            servers[i] = servers[i - 1];
            servers[i - 1] = slot;
        }
    }
}

/* Lets this server make a trial of itself when it gets no requests because it was slow or failed. */
static void try_self(const pool *all, const backhand_table *table, ServerSlot *servers, int n)
{
    int self = find(all, 0), best = find(all, servers[0].id);
    backhand_meter *meter = backhand_table_meter(table);
    backhand_trials copy, *trials = &meter->trials;
    const backhand_explanation *e = backhand_chain_explanation();
    double gap = self < 0 ? 0 : log(all->calm[self] / all->calm[best]);

    if (self < 0) {
        return;
    }
    if (e && e->rehearsal) {
        backhand_trials_copy(&copy, trials);
        trials = &copy;
    }
    else {
        backhand_meter_give(meter);
    }
    if (backhand_estimate_queue(&all->of[self]) > 0) {
        return;
    }
    if (gap < WORSE) {
        backhand_trials_well(trials);
        return;
    }
    if (backhand_trials_due(trials, gap, backhand_table_now(table))) {
        put_first(servers, n, 0);
        if (backhand_chain_current()) {
            backhand_chain_current()->why = BACKHAND_WHY_TRIAL;
        }
    }
}

int backhand_by_prequal(struct request_rec *r, ServerSlot *servers, int *n, char *arg)
{
    const backhand_table *table = backhand_table_current();
    pool all;

    (void)r;
    (void)arg;
    backhand_pick(table, servers, n, POOL);
    if (*n > 0) {
        mix_in_self(servers, *n);
        read_pool(&all, table, servers, *n);
        explain(&all);
        backhand_rank(servers, n, key_prequal, &all, NULL);
        try_self(&all, table, servers, *n);
    }
    return *n;
}
