/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "dispatch/peers.h"
#include "dispatch/stand_in.h"
#include "dispatch/track.h"

#include <apr_atomic.h>
#include <apr_hash.h>
#include <apr_strings.h>
#include <apr_thread_cond.h>
#include <apr_thread_mutex.h>
#include <apr_thread_proc.h>
#include <dlfcn.h>
#include <http_log.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

APLOG_USE_MODULE(backhand);

/* How often the keeper looks after things. */
#define WATCH_PERIOD apr_time_from_msec(50)
#define IDLE_PERIOD  apr_time_from_sec(1)

/* What one child process needs to ask other servers. */
struct backhand_keeper {
    backhand_dispatch *dispatch;
    apr_pool_t *pool;           /* of the keeper thread alone, workers in sub-pools of it */
    apr_thread_mutex_t *lock;   /* for all below */
    apr_thread_cond_t *changed; /* a contact is wanted, or a peer was made */
    apr_hash_t *peers[2];       /* key -> backhand_peer, of either kind; read and written under the lock */
    const char *wanted;         /* key of a peer that a request waits for */
    int wanted_fresh;           /* and of which kind */
    unsigned int peers_max;
};

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
    apr_cpystrn(s->upgrade, "websocket", sizeof(s->upgrade));
}

/* Keeper thread, without the lock: only this thread uses the pool. */
static backhand_peer *peer_make(struct backhand_keeper *keeper, const char *key, int fresh,
                                const backhand_announcement *said)
{
    backhand_dispatch *dispatch = keeper->dispatch;
    const char *contact = said->stat.contact;
    backhand_peer *peer;
    apr_pool_t *p;
    const char *error;

    apr_pool_create(&p, keeper->pool);
    apr_pool_tag(p, "backhand_peer");
    peer = apr_pcalloc(p, sizeof(*peer));
    apr_cpystrn(peer->key, key, sizeof(peer->key));
    peer->fresh = fresh;
    peer->ipv6 = strchr(said->contact.address, ':') != NULL;
    error = dispatch->proxy.define_worker(p, &peer->worker, NULL, NULL, contact, 0);
    if (!error) {
        set_worker_limits(peer, dispatch->conf, said);
        if (dispatch->proxy.initialize_worker(peer->worker, dispatch->server, p) != APR_SUCCESS) {
            error = "mod_proxy could not initialize it";
        }
    }
    if (error) {
        ap_log_error(APLOG_MARK, APLOG_ERR, 0, dispatch->server, "backhand: server %s cannot be handed requests: %s",
                     contact, error);
        apr_pool_destroy(p);
        return NULL;
    }
    return peer;
}

/* Keeper thread, with the lock, which is let go while a peer is made. */
static void serve_wanted(struct backhand_keeper *keeper)
{
    char key[BACKHAND_PEER_KEY_SIZE], contact[BACKHAND_CONTACT_SIZE];
    int fresh = keeper->wanted_fresh;
    apr_hash_t *peers = keeper->peers[fresh];
    backhand_announcement said;
    backhand_peer *peer = NULL;

    apr_cpystrn(key, keeper->wanted, sizeof(key));
    snprintf(contact, sizeof(contact), "%.*s", (int)strcspn(key, " "), key);
    keeper->wanted = NULL;
    if (apr_hash_get(peers, key, APR_HASH_KEY_STRING) || apr_hash_count(peers) >= keeper->peers_max) {
        return;
    }
    memset(&said, 0, sizeof(said));
    for (int id = 0; id < backhand_table_used(keeper->dispatch->conf->table); id++) {
        if (backhand_table_read(keeper->dispatch->conf->table, id, &said, NULL) &&
            strcmp(said.stat.contact, contact) == 0) {
            apr_thread_mutex_unlock(keeper->lock);
            peer = peer_make(keeper, key, fresh, &said);
            apr_thread_mutex_lock(keeper->lock);
            break;
        }
    }
    if (peer) {
        apr_hash_set(peers, peer->key, APR_HASH_KEY_STRING, peer);
    }
}

/* Closes pooled connections that nobody used for their idle limit. */
static void drop_idle(struct backhand_keeper *keeper)
{
    apr_thread_mutex_lock(keeper->lock);
    for (apr_hash_index_t *hi = apr_hash_first(NULL, keeper->peers[0]); hi; hi = apr_hash_next(hi)) {
        void *value;
        apr_hash_this(hi, NULL, NULL, &value);
        apr_reslist_t *connections = ((backhand_peer *)value)->worker->cp->res;
        if (connections) {
            apr_reslist_maintain(connections);
        }
    }
    apr_thread_mutex_unlock(keeper->lock);
}

static void *APR_THREAD_FUNC keep(apr_thread_t *thread, void *data)
{
    struct backhand_keeper *keeper = data;
    apr_time_t dropped = apr_time_now();

    (void)thread;
    apr_thread_mutex_lock(keeper->lock);
    for (;;) {
        if (keeper->wanted) {
            serve_wanted(keeper);
            apr_thread_cond_broadcast(keeper->changed);
            continue;
        }
        apr_thread_mutex_unlock(keeper->lock);
        int waiting = backhand_track_watch(keeper->dispatch->conf->table);
        if (apr_time_now() - dropped > IDLE_PERIOD) {
            drop_idle(keeper);
            dropped = apr_time_now();
        }
        apr_thread_mutex_lock(keeper->lock);
        if (!keeper->wanted) {
            apr_thread_cond_timedwait(keeper->changed, keeper->lock, waiting ? WATCH_PERIOD : IDLE_PERIOD);
        }
    }
    return NULL;
}

/* The keeper runs until the process ends: from now on the module's code must stay where it is, also when httpd takes its
 * modules down at the end of a debugging run. */
static void pin_module(void)
{
    Dl_info info;
    if (dladdr(&backhand_module, &info) && info.dli_fname) {
        (void)dlopen(info.dli_fname, RTLD_NOW | RTLD_NOLOAD | RTLD_NODELETE);
    }
}

/* Nothing of the keeper hangs on the child's pool, and nothing ends it but the end of the process: prefork destroys that
 * pool in a signal handler, where waiting for a thread or a lock could be for ever. */
static apr_status_t keeper_start(backhand_dispatch *dispatch)
{
    struct backhand_keeper *keeper;
    apr_threadattr_t *detached;
    apr_thread_t *thread;
    apr_pool_t *pool;
    sigset_t all, before;
    apr_status_t rv;

    rv = apr_pool_create_unmanaged_ex(&pool, NULL, NULL);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    apr_pool_tag(pool, "backhand_keeper");
    keeper = apr_pcalloc(pool, sizeof(*keeper));
    keeper->pool = pool;
    keeper->dispatch = dispatch;
    keeper->peers[0] = apr_hash_make(keeper->pool);
    keeper->peers[1] = apr_hash_make(keeper->pool);
    keeper->peers_max = 2U * (unsigned int)dispatch->conf->max_servers * (1U + (unsigned int)dispatch->tls_groups);
    rv = apr_thread_mutex_create(&keeper->lock, APR_THREAD_MUTEX_DEFAULT, pool);
    if (rv == APR_SUCCESS) {
        rv = apr_thread_cond_create(&keeper->changed, pool);
    }
    if (rv == APR_SUCCESS) {
        rv = apr_threadattr_create(&detached, pool);
    }
    if (rv == APR_SUCCESS) {
        rv = apr_threadattr_detach_set(detached, 1);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    pin_module();
    /* The MPM's signals belong to its own threads. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    rv = apr_thread_create(&thread, detached, keep, keeper, pool);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (rv == APR_SUCCESS) {
        dispatch->keeper = keeper;
    }
    return rv;
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
    return rv == APR_SUCCESS ? keeper_start(dispatch) : rv;
}

static void key_make(char key[BACKHAND_PEER_KEY_SIZE], const backhand_dispatch *dispatch, const request_rec *r,
                     const backhand_announcement *said)
{
    const backhand_stand_in *stand_in = backhand_stand_in_get(dispatch, r, 0);
    if (said->contact.https && stand_in) {
        snprintf(key, BACKHAND_PEER_KEY_SIZE, "%s %d", said->stat.contact, stand_in->tls);
    }
    else {
        apr_cpystrn(key, said->stat.contact, BACKHAND_PEER_KEY_SIZE);
    }
}

backhand_peer *backhand_peer_get(backhand_dispatch *dispatch, const request_rec *r, const backhand_announcement *said,
                                 int fresh)
{
    struct backhand_keeper *keeper = dispatch->keeper;
    apr_hash_t *peers = keeper->peers[fresh];
    char key[BACKHAND_PEER_KEY_SIZE];
    apr_time_t deadline = 0;
    backhand_peer *peer;

    key_make(key, dispatch, r, said);
    apr_thread_mutex_lock(keeper->lock);
    while (!(peer = apr_hash_get(peers, key, APR_HASH_KEY_STRING))) {
        apr_time_t now = apr_time_now();
        if (!deadline) {
            deadline = now + dispatch->conf->connect_timeout;
        }
        if (now >= deadline || apr_hash_count(peers) >= keeper->peers_max) {
            break;
        }
        if (!keeper->wanted) {
            keeper->wanted = key;
            keeper->wanted_fresh = fresh;
            apr_thread_cond_broadcast(keeper->changed);
        }
        apr_thread_cond_timedwait(keeper->changed, keeper->lock, deadline - now);
        if (keeper->wanted == key) {
            keeper->wanted = NULL;
        }
    }
    apr_thread_mutex_unlock(keeper->lock);
    return peer;
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
    if (!peer->worker->cp->res && conn && conn->sock && apr_time_now() - peer->used > peer->idle_limit) {
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
    __atomic_store_n(&peer->used, apr_time_now(), __ATOMIC_RELAXED);
    __atomic_sub_fetch(&peer->busy, 1, __ATOMIC_RELAXED);
    return rc;
}
