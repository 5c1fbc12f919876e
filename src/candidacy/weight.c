/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "candidacy/builtins.h"
#include "candidacy/chain.h"
#include "candidacy/prediction.h"
#include "candidacy/rank.h"

#include <math.h>

/* The figure of a server without capacity: above every other. As a double it is infinite or no number. */
#define NO_CAPACITY (INT64_MAX - UINT32_MAX)

/* The smallest known speed among the candidates; 1: no speed is known. */
static int64_t slowest(const ServerSlot *servers, int n)
{
    int64_t least = 0;
    for (int i = 0; i < n; i++) {
        int64_t arriba = backhand_number_get(&serverstats[servers[i].id].arriba);
        if (arriba > 0 && (least == 0 || arriba < least)) {
            least = arriba;
        }
    }
    return least > 0 ? least : 1;
}

/* Efraimidis and Spirakis: each server draws a waiting time, exponentially distributed with its weight as rate. In the
 * order of these times each server is first with a probability proportional to its weight; the same holds for the rest.
 */
static int64_t key_weight(int id, const void *ctx)
{
    const int64_t *unknown = ctx;
    int64_t arriba = backhand_number_get(&serverstats[id].arriba);
    double weight = (double)(arriba > 0 ? arriba : *unknown) * (double)backhand_predicted_ready(id);
    if (!(weight > 0)) {
        return NO_CAPACITY + backhand_random_below(INT32_MAX);
    }
    return backhand_rank_key_of(-log(backhand_random_share()) / weight);
}

int backhand_by_weight(struct request_rec *r, ServerSlot *servers, int *n, char *arg)
{
    static const backhand_rank_figure draw = {"draw", 0};
    int64_t unknown = slowest(servers, *n);
    (void)r;
    (void)arg;
    return backhand_rank(servers, n, key_weight, &unknown, &draw);
}
