/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* The opportunity cost of giving a server another job: with n servers, a resource of which the share u is in use costs
 * n^u. So the last free part of a resource is expensive. The needs of a request are not known, so the server with the
 * lowest present cost comes first. */

#include "candidacy/builtins.h"
#include "candidacy/chain.h"
#include "candidacy/prediction.h"
#include "candidacy/rank.h"

#include <math.h>

/* What the costs of all candidates have in common; read once a request. */
typedef struct market {
    double n;       /* live servers */
    double fastest; /* arriba of the fastest of them; 0: nobody's is known */
    double mark;    /* the high-water mark of load, x 1000; L of the formula */
} market;

static double largest(double a, int64_t b)
{
    return (double)b > a ? (double)b : a;
}

static market market_of(const backhand_table *table)
{
    market out = {0, 0, 0};
    apr_time_t now = backhand_table_now(table);
    int used = backhand_table_used(table);
    for (int id = 0; id < used; id++) {
        const serverstat *stat = backhand_table_stat(table, id);
        if (backhand_table_older_at(table, id, SERVER_TIMEOUT, now)) {
            continue;
        }
        out.n++;
        out.fastest = largest(out.fastest, backhand_number_get(&stat->arriba));
        out.mark = largest(out.mark, backhand_number_get(&stat->load_hwm));
    }
    out.n = out.n > 0 ? out.n : 1;
    out.mark = out.mark > 0 ? out.mark : 1000;
    return out;
}

/* The share of memory in use. A server that does not announce its memory counts as full, so it comes after others. */
static double memory_share(const serverstat *stat)
{
    double total = (double)backhand_number_get(&stat->tmem);
    double available = (double)backhand_number_get(&stat->amem);
    double share = total > 0 ? 1 - available / total : 1;
    return fmin(fmax(share, 0), 1);
}

/* The load relative to the high-water mark. An unknown speed counts as the fastest one, as it does in the mark. */
static double load_share(int id, const market *common)
{
    double arriba = (double)backhand_number_get(&serverstats[id].arriba);
    double factor = arriba > 0 && arriba < common->fastest ? common->fastest / arriba : 1;
    return fmax((double)backhand_predicted_load(id), 0) * factor / common->mark;
}

static int64_t key_cost(int id, const void *ctx)
{
    const market *common = ctx;
    return backhand_rank_key_of(pow(common->n, memory_share(&serverstats[id])) +
                                pow(common->n, load_share(id, common)));
}

int backhand_by_cost(struct request_rec *r, ServerSlot *servers, int *n, char *arg)
{
    static const backhand_rank_figure cost = {"cost", 0};
    const market common = market_of(backhand_table_current());
    (void)r;
    (void)arg;
    return backhand_rank(servers, n, key_cost, &common, &cost);
}
