/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "candidacy/builtins.h"
#include "candidacy/estimate.h"
#include "candidacy/pick.h"
#include "candidacy/rank.h"

/* What a request takes where nobody knows. */
#define USUAL_USEC 100000
#define PICKS      8

typedef struct contest {
    int id[PICKS + 1];
    backhand_estimate of[PICKS + 1];
    int n;
    double usual; /* us */
    double bias;  /* us */
} contest;

static double usual_service(const contest *all)
{
    double sum = 0;
    int known = 0;
    for (int i = 0; i < all->n; i++) {
        sum += all->of[i].service;
        known += all->of[i].service > 0;
    }
    return known ? sum / known : USUAL_USEC;
}

static int64_t key_expected(int id, const void *ctx)
{
    const contest *all = ctx;
    double usec = 0;
    for (int i = 0; i < all->n; i++) {
        if (all->id[i] == id) {
            usec = backhand_estimate_usec(&all->of[i], all->usual);
        }
    }
    return backhand_key_of(id == 0 ? usec - all->bias : usec);
}

int backhand_by_expected_time(struct request_rec *r, ServerSlot *servers, int *n, char *arg)
{
    const backhand_table *table = backhand_table_current();
    apr_time_t now = table->now();
    int64_t bias = 0;
    contest all = {.n = 0};

    (void)r;
    if (arg) {
        backhand_argument_thousandths(&bias, arg);
    }
    all.bias = (double)bias;
    backhand_pick(table, servers, n, PICKS);
    for (; all.n < *n; all.n++) {
        all.id[all.n] = servers[all.n].id;
        backhand_estimate_make(&all.of[all.n], table, servers[all.n].id, now);
    }
    all.usual = usual_service(&all);
    return backhand_rank(servers, n, key_expected, &all);
}
