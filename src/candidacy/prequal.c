/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* Load is not what you should balance: introducing Prequal (Wydrowski, Kleinberg, Rumble, Archer; NSDI 2024): of the servers
 * known from recent answers those with more requests in flight than most are hot; among the cold the one with
 * the lowest latency is the best, among the hot the one with the fewest requests. */

#include "candidacy/builtins.h"
#include "candidacy/estimate.h"
#include "candidacy/pick.h"
#include "candidacy/rank.h"

/* As many as the paper's pool of probes. */
#define POOL 16
/* A server is hot above this quantile of the requests in flight: 2^-0.25. */
#define HOT_PER_MILLE 841

typedef struct pool {
    int id[POOL + 1];
    double inflight[POOL + 1];
    double latency[POOL + 1];
    int n;
    double hot; /* requests in flight from which on a server is hot */
} pool;

static double threshold(const pool *all)
{
    double sorted[POOL + 1];

    for (int i = 0; i < all->n; i++) {
        int at = i;
        for (; at > 0 && sorted[at - 1] > all->inflight[i]; at--) {
            sorted[at] = sorted[at - 1];
        }
        sorted[at] = all->inflight[i];
    }
    return all->n ? sorted[(all->n - 1) * HOT_PER_MILLE / 1000] : 0;
}

/* A server of unknown latency takes the middle of what is known. */
static void read_latencies(pool *all, const backhand_table *table, apr_time_t now)
{
    double sum = 0;
    int known = 0;

    for (int i = 0; i < all->n; i++) {
        backhand_estimate e;
        backhand_estimate_make(&e, table, all->id[i], now);
        all->latency[i] = e.latency * e.burden;
        sum += all->latency[i];
        known += e.latency > 0;
    }
    for (int i = 0; i < all->n; i++) {
        if (all->latency[i] == 0) {
            all->latency[i] = known ? sum / known : 0;
        }
    }
}

/* Cold ones by latency, then the hot by requests in flight. */
static int64_t key_prequal(int id, const void *ctx)
{
    const pool *all = ctx;
    for (int i = 0; i < all->n; i++) {
        if (all->id[i] == id) {
            int hot = all->inflight[i] > all->hot;
            return backhand_key_of(hot ? 1e15 + all->inflight[i] : all->latency[i]);
        }
    }
    return INT64_MAX;
}

int backhand_by_prequal(struct request_rec *r, ServerSlot *servers, int *n, char *arg)
{
    const backhand_table *table = backhand_table_current();
    pool all = {.n = 0};

    (void)r;
    (void)arg;
    backhand_pick(table, servers, n, POOL);
    for (; all.n < *n; all.n++) {
        all.id[all.n] = servers[all.n].id;
        all.inflight[all.n] = backhand_estimate_inflight(table, servers[all.n].id);
    }
    all.hot = threshold(&all);
    read_latencies(&all, table, table->now());
    return backhand_rank(servers, n, key_prequal, &all);
}
