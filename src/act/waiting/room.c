/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "act/waiting/room.h"
#include "host/scoreboard.h"

#include <ap_mpm.h>
#include <apr_strings.h>
#include <http_connection.h>
#include <stdlib.h>

/* httpd's default. */
#define FACTOR_DEFAULT 2

static int64_t factor = FACTOR_DEFAULT;

/* Connections of clients and of other servers that this process has accepted; atomic. */
static int64_t open_connections;

void backhand_room_post_config(apr_pool_t *ptemp)
{
    factor = FACTOR_DEFAULT;
    for (const ap_directive_t *at = ap_conftree; at; at = at->next) {
        if (strcasecmp(at->directive, "AsyncRequestWorkerFactor") == 0) {
            const char *args = at->args;
            /* httpd accepts fractions. The fraction is dropped here, with 1 as the least value. */
            double value = strtod(ap_getword_conf(ptemp, &args), NULL);
            factor = value >= 1 && value < INT32_MAX ? (int64_t)value : 1;
        }
    }
}

int backhand_room_left(int64_t waiting)
{
    int threads = 0;
    ap_mpm_query(AP_MPMQ_MAX_THREADS, &threads);
    return __atomic_load_n(&open_connections, __ATOMIC_RELAXED) < threads + (threads - waiting - 1) * factor;
}

static apr_status_t connection_ends(void *data)
{
    (void)data;
    __atomic_sub_fetch(&open_connections, 1, __ATOMIC_RELAXED);
    return APR_SUCCESS;
}

static int before_connection(conn_rec *c, void *csd)
{
    (void)csd;
    /* mod_proxy's connections to other servers have no scoreboard handle; streams of HTTP/2 have a master
     * connection. */
    if (c->sbh && !c->master && backhand_scoreboard_async()) {
        __atomic_add_fetch(&open_connections, 1, __ATOMIC_RELAXED);
        apr_pool_cleanup_register(c->pool, NULL, connection_ends, apr_pool_cleanup_null);
    }
    return OK;
}

void backhand_room_register(void)
{
    ap_hook_pre_connection(before_connection, NULL, NULL, APR_HOOK_MIDDLE);
}
