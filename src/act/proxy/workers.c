/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "act/proxy/workers.h"
#include "table/clock.h"
#include "table/process.h"
#include "table/state.h"
#include "act/request/tunnel.h"

#include <apr_strings.h>
#include <http_log.h>
#include <unistd.h>

APLOG_USE_MODULE(backhand);

void backhand_worker_key(char key[BACKHAND_WORKER_KEY_SIZE], const backhand_table *table, const char *contact,
                         int group)
{
    apr_time_t moved = backhand_table_moved(table);
    apr_size_t length;

    apr_cpystrn(key, contact, BACKHAND_WORKER_KEY_SIZE);
    length = strlen(key);
    if (group >= 0) {
        length += (apr_size_t)snprintf(key + length, BACKHAND_WORKER_KEY_SIZE - length, " %d", group);
    }
    if (moved) {
        snprintf(key + length, BACKHAND_WORKER_KEY_SIZE - length, " @%" APR_TIME_T_FMT, moved);
    }
}

static void set_worker_limits(backhand_worker *worker, const backhand_config *conf,
                              const backhand_announcement *announcement)
{
    proxy_worker_shared *s = worker->proxy_worker->s;
    apr_interval_time_t keepalive = apr_time_from_msec(announcement->keepalive);

    /* A connection is not used again in the last second before the other side closes it. A request that meets this
     * closing would be lost, or, if it cannot be repeated, answered with an error. */
    worker->idle_limit = keepalive > apr_time_from_sec(2) ? keepalive - apr_time_from_sec(1) : keepalive / 2;
    s->conn_timeout = conf->connect_timeout;
    s->conn_timeout_set = 1;
    if (conf->response_timeout > 0) {
        s->timeout = conf->response_timeout;
        s->timeout_set = 1;
    }
    s->smax = 0;
    s->ttl = worker->idle_limit;
    s->disablereuse = (unsigned int)worker->fresh;
    s->disablereuse_set = 1;
    s->flush_packets = flush_auto;
    apr_cpystrn(s->upgrade, BACKHAND_TUNNEL_PROTOCOL, sizeof(s->upgrade));
}

backhand_worker *backhand_worker_make(backhand_proxy *proxy, const char *key, int fresh,
                                      const backhand_announcement *announcement, apr_pool_t *pool,
                                      char error[BACKHAND_WORKER_ERROR_SIZE])
{
    const char *contact = announcement->stat.contact;
    backhand_worker *worker;
    const char *wrong;
    apr_pool_t *p;

    apr_pool_create(&p, pool);
    apr_pool_tag(p, "backhand_worker");
    worker = apr_pcalloc(p, sizeof(*worker));
    apr_cpystrn(worker->key, key, sizeof(worker->key));
    worker->fresh = fresh;
    worker->ipv6 = strchr(announcement->contact.address, ':') != NULL;
    wrong = proxy->mod_proxy.define_worker(p, &worker->proxy_worker, NULL, NULL, contact, 0);
    if (!wrong) {
        set_worker_limits(worker, proxy->conf, announcement);
        if (proxy->mod_proxy.initialize_worker(worker->proxy_worker, proxy->server, p) != APR_SUCCESS) {
            wrong = "mod_proxy could not initialize it";
        }
    }
    if (wrong) {
        apr_cpystrn(error, wrong, BACKHAND_WORKER_ERROR_SIZE);
        apr_pool_destroy(p);
        return NULL;
    }
    worker->pool = p;
    return worker;
}

void backhand_worker_release(backhand_worker *worker)
{
    __atomic_sub_fetch(&worker->users, 1, __ATOMIC_RELEASE);
}

int backhand_workers_ready(const backhand_proxy *proxy)
{
    return proxy->keeper != NULL;
}

/* Without threads mod_proxy keeps a worker's single connection itself, and no time limit applies to it. */
static void drop_stale_connection(backhand_worker *worker)
{
    proxy_conn_rec *conn = worker->proxy_worker->cp->conn;
    if (!worker->proxy_worker->cp->res && conn && conn->sock &&
        backhand_clock_now() - worker->used > worker->idle_limit) {
        conn->sock = NULL;
        conn->tmp_bb = NULL;
        conn->connection = NULL;
        conn->ssl_hostname = NULL;
        apr_pool_clear(conn->scpool);
    }
}

int backhand_worker_run(backhand_proxy *proxy, request_rec *r, backhand_worker *worker, proxy_server_conf *conf,
                        char *url)
{
    int64_t busy = __atomic_add_fetch(&worker->busy, 1, __ATOMIC_RELAXED);
    int no_pool = worker->fresh || !proxy->conf->pools || busy > MAXSESSIONSPERSERVER || worker->idle_limit <= 0;
    int rc;

    if (no_pool) {
        apr_table_setn(r->subprocess_env, "proxy-nokeepalive", "1");
    }
    drop_stale_connection(worker);
    rc = proxy->mod_proxy.run_scheme_handler(r, worker->proxy_worker, conf, url, NULL, 0);
    if (no_pool) {
        apr_table_unset(r->subprocess_env, "proxy-nokeepalive");
    }
    __atomic_store_n(&worker->used, backhand_clock_now(), __ATOMIC_RELAXED);
    __atomic_sub_fetch(&worker->busy, 1, __ATOMIC_RELAXED);
    return rc;
}
