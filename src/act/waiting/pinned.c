/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "act/waiting/pinned.h"
#include "act/waiting/mod_perl_layout.h"

#include <ap_mpm.h>
#include <http_config.h>

/** Number of interpreter pools that are counted apart: one for the server, and one for each virtual host with
 * PerlOptions +Parent or +Clone. */
#define POOLS 64

static const module *mod_perl;

/* A pool keeps its place for good. Pools that find no free place share the first one, so their limit is reached
 * earlier. */
static struct {
    const void *pool;
    int waiting;
} places[POOLS];

void backhand_pinned_child_init(void)
{
    int threaded = AP_MPMQ_NOT_SUPPORTED;
    ap_mpm_query(AP_MPMQ_IS_THREADED, &threaded);
    mod_perl = threaded == AP_MPMQ_NOT_SUPPORTED ? NULL : ap_find_linked_module("mod_perl.c");
}

static const struct mod_perl_pool *pool_of(const request_rec *r)
{
    const struct mod_perl_connection *con = ap_get_module_config(r->connection->conn_config, mod_perl);
    return con && con->interpreter ? con->interpreter->pool : NULL;
}

static int *counter_of(const void *pool)
{
    for (int i = 0; i < POOLS; i++) {
        const void *there = __atomic_load_n(&places[i].pool, __ATOMIC_ACQUIRE);
        if (there == pool ||
            (!there &&
             __atomic_compare_exchange_n(&places[i].pool, &there, pool, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) ||
            there == pool) {
            return &places[i].waiting;
        }
    }
    return &places[0].waiting;
}

int backhand_pinned_begin(backhand_pinned *pinned, const request_rec *r)
{
    const struct mod_perl_pool *pool = mod_perl ? pool_of(r) : NULL;
    pinned->waiting = NULL;
    if (!pool || !pool->tipool) {
        return 1;
    }
    pinned->waiting = counter_of(pool);
    if (__atomic_add_fetch(pinned->waiting, 1, __ATOMIC_RELAXED) <= pool->tipool->limits->max / 2) {
        return 1;
    }
    backhand_pinned_end(pinned);
    return 0;
}

void backhand_pinned_end(backhand_pinned *pinned)
{
    if (pinned->waiting) {
        __atomic_sub_fetch(pinned->waiting, 1, __ATOMIC_RELAXED);
    }
}
