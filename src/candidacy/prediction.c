/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "candidacy/prediction.h"
#include "candidacy/builtins.h"
#include "candidacy/chain.h"
#include "candidacy/explanation.h"
#include "candidacy/rank.h"
#include "candidacy/share.h"

/* More than can be sent to a server between two announcements; it keeps products in range. */
#define SENT_MAX 1000000

int backhand_add_prediction(struct request_rec *r, ServerSlot *servers, int *n, char *arg)
{
    backhand_candidates *run = backhand_chain_current();
    backhand_explanation *explanation = backhand_chain_explanation();
    (void)r;
    (void)arg;
    if (run) {
        run->predicting = 1;
    }
    for (int i = 0; explanation && i < *n; i++) {
        backhand_explanation_read(explanation, servers[i].id, "sent_since", (double)backhand_predicted(servers[i].id));
    }
    return *n;
}

int64_t backhand_predicted(int id)
{
    const backhand_candidates *run = backhand_chain_current();
    int64_t sent = run && run->predicting ? backhand_table_sent_since(backhand_table_current(), id) : 0;
    return sent < SENT_MAX ? sent : SENT_MAX;
}

static int64_t plus(int64_t a, int64_t b)
{
    return backhand_minus(a, -b);
}

int64_t backhand_predicted_load(int id)
{
    return backhand_share_scale(backhand_table_current(), id,
                                plus(backhand_number_get(&serverstats[id].load), 1000 * backhand_predicted(id)));
}

int64_t backhand_predicted_busy(int id)
{
    const serverstat *stat = &serverstats[id];
    return backhand_share_scale(
        backhand_table_current(), id,
        plus(backhand_minus(backhand_number_get(&stat->nservers), backhand_number_get(&stat->aservers)),
             backhand_predicted(id)));
}

int64_t backhand_predicted_ready(int id)
{
    int64_t ready = backhand_minus(backhand_number_get(&serverstats[id].aservers), backhand_predicted(id));
    return ready > 0 ? ready : 0;
}

int64_t backhand_predicted_cpu(int id)
{
    const serverstat *stat = &serverstats[id];
    int64_t cpus = backhand_number_get(&stat->ncpu);
    int64_t idle =
        backhand_minus(backhand_number_get(&stat->cpu), 1000 * backhand_predicted(id) / (cpus > 0 ? cpus : 1));
    return backhand_minus(1000, backhand_share_scale(backhand_table_current(), id, backhand_minus(1000, idle)));
}
