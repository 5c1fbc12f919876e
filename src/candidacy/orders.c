/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "candidacy/builtins.h"
#include "candidacy/chain.h"
#include "candidacy/prediction.h"
#include "candidacy/rank.h"

static const backhand_rank_figure load = {"load", 1000}, busy = {"busy", 1}, idle = {"idle_cpu", -1000};

/* The figure of the front server is reduced by the bias. */
static int64_t with_bias(int id, int64_t key, const void *ctx)
{
    const int64_t *bias = ctx;
    return id == 0 ? backhand_minus(key, *bias) : key;
}

static int64_t key_load(int id, const void *ctx)
{
    return with_bias(id, backhand_predicted_load(id), ctx);
}

static int64_t key_busy(int id, const void *ctx)
{
    return with_bias(id, backhand_predicted_busy(id), ctx);
}

static int64_t key_cpu(int id, const void *ctx)
{
    (void)ctx;
    return backhand_minus(0, backhand_predicted_cpu(id));
}

int backhand_by_load(struct request_rec *r, ServerSlot *servers, int *n, char *arg)
{
    int64_t bias = 0;
    (void)r;
    if (arg) {
        backhand_argument_thousandths(&bias, arg);
    }
    return backhand_rank(servers, n, key_load, &bias, &load);
}

int backhand_by_busy_children(struct request_rec *r, ServerSlot *servers, int *n, char *arg)
{
    int64_t bias = 0;
    (void)r;
    if (arg) {
        backhand_argument_whole(&bias, arg);
    }
    return backhand_rank(servers, n, key_busy, &bias, &busy);
}

int backhand_by_cpu(struct request_rec *r, ServerSlot *servers, int *n, char *arg)
{
    (void)r;
    (void)arg;
    return backhand_rank(servers, n, key_cpu, NULL, &idle);
}

int backhand_by_random(struct request_rec *r, ServerSlot *servers, int *n, char *arg)
{
    (void)r;
    (void)arg;
    for (int left = *n; left > 1; left--) {
        int pick = (int)backhand_random_below((uint32_t)left);
        ServerSlot slot = servers[pick];
        servers[pick] = servers[left - 1];
        servers[left - 1] = slot;
    }
    return *n;
}
