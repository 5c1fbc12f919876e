/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "act/proxy/workers.h"
#include "act/proxy/keeper.h"
#include "act/proxy/settings.h"
#include "act/proxy/attempt.h"
#include "table/clock.h"

#include <apr_strings.h>
#include <http_log.h>
#include <unistd.h>

APLOG_USE_MODULE(backhand);

void backhand_peer_key(char key[BACKHAND_PEER_KEY_SIZE], const char *contact, int group)
{
    if (group >= 0) {
        snprintf(key, BACKHAND_PEER_KEY_SIZE, "%s %d", contact, group);
    }
    else {
        apr_cpystrn(key, contact, BACKHAND_PEER_KEY_SIZE);
    }
}

static void set_worker_limits(backhand_peer *peer, const backhand_config *conf, const backhand_announcement *said)
{
    proxy_worker_shared *s = peer->worker->s;
    apr_interval_time_t keepalive = apr_time_from_msec(said->keepalive);

    /* A connection is not used again in the last second before the other side closes it: a request that crosses that
     * closing on the wire would be lost, or, not being repeatable, answered with an error. */
    peer->idle_limit = keepalive > apr_time_from_sec(2) ? keepalive - apr_time_from_sec(1) : keepalive / 2;
    s->conn_timeout = conf->connect_timeout;
    s->conn_timeout_set = 1;
    if (conf->response_timeout > 0) {
        s->timeout = conf->response_timeout;
        s->timeout_set = 1;
    }
    s->smax = 0;
    s->ttl = peer->idle_limit;
    s->disablereuse = (unsigned int)peer->fresh;
    s->disablereuse_set = 1;
    s->flush_packets = flush_auto;
    apr_cpystrn(s->upgrade, BACKHAND_PEER_UPGRADE, sizeof(s->upgrade));
}

backhand_peer *backhand_peer_make(backhand_dispatch *dispatch, const char *key, int fresh,
                                  const backhand_announcement *said, apr_pool_t *pool,
                                  char error[BACKHAND_PEER_ERROR_SIZE])
{
    const char *contact = said->stat.contact;
    backhand_peer *peer;
    const char *wrong;
    apr_pool_t *p;

    apr_pool_create(&p, pool);
    apr_pool_tag(p, "backhand_peer");
    peer = apr_pcalloc(p, sizeof(*peer));
    apr_cpystrn(peer->key, key, sizeof(peer->key));
    peer->fresh = fresh;
    peer->ipv6 = strchr(said->contact.address, ':') != NULL;
    wrong = dispatch->proxy.define_worker(p, &peer->worker, NULL, NULL, contact, 0);
    if (!wrong) {
        set_worker_limits(peer, dispatch->conf, said);
        if (dispatch->proxy.initialize_worker(peer->worker, dispatch->server, p) != APR_SUCCESS) {
            wrong = "mod_proxy could not initialize it";
        }
    }
    if (wrong) {
        apr_cpystrn(error, wrong, BACKHAND_PEER_ERROR_SIZE);
        apr_pool_destroy(p);
        return NULL;
    }
    peer->pool = p;
    return peer;
}

apr_status_t backhand_peers_child_init(server_rec *s)
{
    backhand_dispatch *dispatch = backhand_config_get(s)->dispatch;
    apr_status_t rv;

    dispatch->process = backhand_process_claim(dispatch->conf->table, getpid());
    if (!dispatch->process) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, s,
                     "backhand: no row is free for this child process in the table; it serves all its requests itself");
        return APR_SUCCESS;
    }
    if (!dispatch->proxy.module) {
        return APR_SUCCESS;
    }
    rv = backhand_track_child_init();
    return rv == APR_SUCCESS ? backhand_keeper_start(dispatch) : rv;
}

backhand_peer *backhand_peer_get(backhand_dispatch *dispatch, const request_rec *r, const backhand_announcement *said,
                                 int fresh)
{
    const backhand_stand_in *stand_in = backhand_stand_in_get(dispatch, r, 0);
    char key[BACKHAND_PEER_KEY_SIZE];

    backhand_peer_key(key, said->stat.contact, said->contact.https && stand_in ? stand_in->tls : -1);
    return backhand_keeper_peer(dispatch->keeper, key, fresh, said);
}

void backhand_peer_release(backhand_peer *peer)
{
    __atomic_sub_fetch(&peer->users, 1, __ATOMIC_RELEASE);
}

int backhand_peers_ready(const backhand_dispatch *dispatch)
{
    return dispatch->keeper != NULL;
}

backhand_process *backhand_dispatch_process(const backhand_dispatch *dispatch)
{
    return dispatch->process;
}

/* Without threads mod_proxy keeps a worker's single connection itself and no time limit applies to it. */
static void drop_stale_connection(backhand_peer *peer)
{
    proxy_conn_rec *conn = peer->worker->cp->conn;
    if (!peer->worker->cp->res && conn && conn->sock && backhand_clock_now() - peer->used > peer->idle_limit) {
        conn->sock = NULL;
        conn->tmp_bb = NULL;
        conn->connection = NULL;
        conn->ssl_hostname = NULL;
        apr_pool_clear(conn->scpool);
    }
}

int backhand_peer_run(backhand_dispatch *dispatch, request_rec *r, backhand_peer *peer, proxy_server_conf *conf,
                      char *url)
{
    int64_t busy = __atomic_add_fetch(&peer->busy, 1, __ATOMIC_RELAXED);
    int no_pool = peer->fresh || dispatch->conf->no_pools || busy > MAXSESSIONSPERSERVER || peer->idle_limit <= 0;
    int rc;

    if (no_pool) {
        apr_table_setn(r->subprocess_env, "proxy-nokeepalive", "1");
    }
    drop_stale_connection(peer);
    rc = dispatch->proxy.run_scheme_handler(r, peer->worker, conf, url, NULL, 0);
    if (no_pool) {
        apr_table_unset(r->subprocess_env, "proxy-nokeepalive");
    }
    __atomic_store_n(&peer->used, backhand_clock_now(), __ATOMIC_RELAXED);
    __atomic_sub_fetch(&peer->busy, 1, __ATOMIC_RELAXED);
    return rc;
}
