/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "act/proxy/keeper.h"
#include "act/proxy/settings.h"
#include "act/proxy/attempt.h"
#include "table/clock.h"

#include <apr_allocator.h>
#include <apr_hash.h>
#include <apr_strings.h>
#include <apr_thread_mutex.h>
#include <apr_thread_proc.h>
#include <dlfcn.h>
#include <http_log.h>
#include <mpm_common.h>
#include <pthread.h>
#include <signal.h>

APLOG_USE_MODULE(backhand);

/* Time between two rounds of the keeper. */
#define WATCH_PERIOD apr_time_from_msec(50)
#define IDLE_PERIOD  apr_time_from_sec(1)
/* How often it looks whether a request has begun to wait for another server: nobody tells it. */
#define LOOK_PERIOD apr_time_from_msec(250)
/* Least time between two log lines about servers that mod_proxy does not accept. */
#define COMPLAINT_PERIOD apr_time_from_sec(60)

/* A request that waits for a worker; on its thread's stack. */
typedef struct wish {
    const char *key;
    int fresh;
    const backhand_announcement *announcement;
    int settled; /* the worker was made, or cannot be */
    struct wish *next;
} wish;

/* The keeper of one child process. */
struct backhand_keeper {
    backhand_proxy *proxy;
    apr_pool_t *pool;       /* used by the keeper thread alone; workers are in sub-pools of it */
    pthread_mutex_t lock;   /* protects all fields below */
    pthread_cond_t changed; /* signals a new wish or a settled one */
    apr_hash_t *workers[2]; /* key -> backhand_worker: [0] with kept connections, [1] fresh; read and written under the
                             * lock */
    wish *wishes;           /* wishes that the keeper has not yet seen */
    wish *granting;         /* the wish whose worker is being made; NULL: none, or it was given up meanwhile */
    unsigned int round;     /* number of looks at the table */
    apr_time_t complained;  /* when a failure to make a worker was last logged; 0: never */
};

static void complain(struct backhand_keeper *keeper, const char *contact, const char *error)
{
    apr_time_t now = backhand_clock_now();
    if (now - keeper->complained > COMPLAINT_PERIOD) {
        keeper->complained = now;
        ap_log_error(APLOG_MARK, APLOG_ERR, 0, keeper->proxy->server,
                     "backhand: server %s cannot be handed requests: %s", contact, error);
    }
}

static void settle(struct backhand_keeper *keeper, wish *w)
{
    w->settled = 1;
    pthread_cond_broadcast(&keeper->changed);
}

/* Makes the worker for a wish. Keeper thread, with the lock, which is released while the worker is made; the request
 * may give its wish up meanwhile. */
static void grant(struct backhand_keeper *keeper)
{
    wish *w = keeper->wishes;
    apr_hash_t *workers = keeper->workers[w->fresh];
    backhand_announcement announcement = *w->announcement;
    char key[BACKHAND_WORKER_KEY_SIZE];
    int fresh = w->fresh;
    char error[BACKHAND_WORKER_ERROR_SIZE] = "";
    backhand_worker *worker;

    keeper->wishes = w->next;
    if (apr_hash_get(workers, w->key, APR_HASH_KEY_STRING)) {
        settle(keeper, w);
        return;
    }
    apr_cpystrn(key, w->key, sizeof(key));
    keeper->granting = w;
    pthread_mutex_unlock(&keeper->lock);
    worker = backhand_worker_make(keeper->proxy, key, fresh, &announcement, keeper->pool, error);
    if (*error) {
        complain(keeper, announcement.stat.contact, error);
    }
    pthread_mutex_lock(&keeper->lock);
    if (worker) {
        worker->seen = keeper->round;
        apr_hash_set(workers, worker->key, APR_HASH_KEY_STRING, worker);
    }
    if (keeper->granting) {
        settle(keeper, keeper->granting);
        keeper->granting = NULL;
    }
}

/* Notes that the server is in the table and has not left, so its workers stay. With the lock. */
static void see(struct backhand_keeper *keeper, const char *contact)
{
    for (int fresh = 0; fresh <= 1; fresh++) {
        for (int group = -1; group < keeper->proxy->tls_groups; group++) {
            char key[BACKHAND_WORKER_KEY_SIZE];
            backhand_worker *worker;
            backhand_worker_key(key, keeper->proxy->conf->table, contact, group);
            worker = apr_hash_get(keeper->workers[fresh], key, APR_HASH_KEY_STRING);
            if (worker) {
                worker->seen = keeper->round;
            }
        }
    }
}

static void see_all(struct backhand_keeper *keeper)
{
    const backhand_table *table = keeper->proxy->conf->table;
    int used = backhand_table_used(table);

    keeper->round++;
    for (int id = 0; id < used; id++) {
        char contact[BACKHAND_CONTACT_SIZE];
        if (backhand_table_usable(table, id, UINT64_MAX) && backhand_identity_get(id, NULL, contact)) {
            see(keeper, contact);
        }
    }
}

/* Removes from the hash a worker that no request uses and whose server is gone. With the lock. @return NULL: there is
 * none */
static backhand_worker *take_retired(struct backhand_keeper *keeper, apr_hash_t *workers)
{
    for (apr_hash_index_t *hi = apr_hash_first(NULL, workers); hi; hi = apr_hash_next(hi)) {
        void *value;
        backhand_worker *worker;
        apr_hash_this(hi, NULL, NULL, &value);
        worker = value;
        if (worker->seen != keeper->round && __atomic_load_n(&worker->users, __ATOMIC_ACQUIRE) == 0) {
            apr_hash_set(workers, worker->key, APR_HASH_KEY_STRING, NULL);
            return worker;
        }
    }
    return NULL;
}

/* Frees workers that are no longer needed, with their connections. mod_proxy has no list with our workers, so no thread
 * can find one that is not in the hash. Keeper thread. */
static void retire(struct backhand_keeper *keeper)
{
    pthread_mutex_lock(&keeper->lock);
    if (apr_hash_count(keeper->workers[0]) + apr_hash_count(keeper->workers[1]) > 0) {
        see_all(keeper);
    }
    for (int fresh = 0; fresh <= 1; fresh++) {
        backhand_worker *worker;
        while ((worker = take_retired(keeper, keeper->workers[fresh])) != NULL) {
            pthread_mutex_unlock(&keeper->lock);
            apr_pool_destroy(worker->pool);
            pthread_mutex_lock(&keeper->lock);
        }
    }
    pthread_mutex_unlock(&keeper->lock);
}

/* Closes pooled connections that were idle for their limit. */
static void drop_idle(struct backhand_keeper *keeper)
{
    pthread_mutex_lock(&keeper->lock);
    for (apr_hash_index_t *hi = apr_hash_first(NULL, keeper->workers[0]); hi; hi = apr_hash_next(hi)) {
        void *value;
        apr_hash_this(hi, NULL, NULL, &value);
        apr_reslist_t *connections = ((backhand_worker *)value)->proxy_worker->cp->res;
        if (connections) {
            apr_reslist_maintain(connections);
        }
    }
    pthread_mutex_unlock(&keeper->lock);
}

static void *APR_THREAD_FUNC keep(apr_thread_t *thread, void *data)
{
    struct backhand_keeper *keeper = data;
    apr_time_t looked = backhand_clock_now();

    (void)thread;
    pthread_mutex_lock(&keeper->lock);
    for (;;) {
        if (keeper->wishes) {
            grant(keeper);
            continue;
        }
        pthread_mutex_unlock(&keeper->lock);
        int waiting = backhand_attempt_watch(keeper->proxy->conf->table);
        if (backhand_clock_now() - looked > IDLE_PERIOD) {
            drop_idle(keeper);
            retire(keeper);
            looked = backhand_clock_now();
        }
        pthread_mutex_lock(&keeper->lock);
        if (!keeper->wishes) {
            backhand_clock_cond_wait(&keeper->changed, &keeper->lock, waiting ? WATCH_PERIOD : LOOK_PERIOD);
        }
    }
    return NULL;
}

/* Keeps the module's code in memory, because the keeper runs until the process ends, even if httpd unloads its modules
 * at the end of a debugging run. */
static void pin_module(void)
{
    Dl_info info;
    if (dladdr(&backhand_module, &info) && info.dli_fname) {
        (void)dlopen(info.dli_fname, RTLD_NOW | RTLD_NOLOAD | RTLD_NODELETE);
    }
}

/* Makes a pool with a mutex for its allocator. mod_proxy makes sub-pools of a worker's pool in the threads of requests,
 * and not in every release with an allocator of their own. Like httpd's pools it returns memory to the system. */
static apr_status_t make_pool(apr_pool_t **pool)
{
    apr_allocator_t *allocator;
    apr_thread_mutex_t *lock;
    apr_status_t rv = apr_allocator_create(&allocator);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    apr_allocator_max_free_set(allocator, ap_max_mem_free);
    rv = apr_pool_create_unmanaged_ex(pool, NULL, allocator);
    if (rv != APR_SUCCESS) {
        apr_allocator_destroy(allocator);
        return rv;
    }
    apr_allocator_owner_set(allocator, *pool);
    apr_pool_tag(*pool, "backhand_keeper");
    rv = apr_thread_mutex_create(&lock, APR_THREAD_MUTEX_DEFAULT, *pool);
    if (rv == APR_SUCCESS) {
        apr_allocator_mutex_set(allocator, lock);
    }
    return rv;
}

/* Starts the keeper. It uses no part of the child's pool and ends only with the process: prefork destroys that pool in
 * a signal handler, where waiting for a thread or a lock could last for ever. */
static apr_status_t start(backhand_proxy *proxy)
{
    struct backhand_keeper *keeper;
    apr_threadattr_t *detached;
    apr_thread_t *thread;
    apr_pool_t *pool;
    sigset_t all, before;
    apr_status_t rv;

    rv = make_pool(&pool);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    keeper = apr_pcalloc(pool, sizeof(*keeper));
    keeper->pool = pool;
    keeper->proxy = proxy;
    keeper->workers[0] = apr_hash_make(keeper->pool);
    keeper->workers[1] = apr_hash_make(keeper->pool);
    rv = pthread_mutex_init(&keeper->lock, NULL);
    if (rv == APR_SUCCESS) {
        rv = backhand_clock_cond_init(&keeper->changed);
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
    /* Signals for the MPM must go to the MPM's own threads. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    rv = apr_thread_create(&thread, detached, keep, keeper, pool);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (rv == APR_SUCCESS) {
        proxy->keeper = keeper;
    }
    return rv;
}

/* With the lock. */
static void give_up(struct backhand_keeper *keeper, const wish *given_up)
{
    wish **at = &keeper->wishes;
    while (*at && *at != given_up) {
        at = &(*at)->next;
    }
    if (*at) {
        *at = given_up->next;
    }
    if (keeper->granting == given_up) {
        keeper->granting = NULL;
    }
}

/* Waits until the wish is settled. With the lock, which is released while the keeper works. */
static void wait_for_keeper(struct backhand_keeper *keeper, wish *w, apr_interval_time_t limit)
{
    apr_time_t deadline = backhand_clock_now() + limit, now;
    wish **last = &keeper->wishes;

    while (*last) {
        last = &(*last)->next;
    }
    *last = w;
    pthread_cond_broadcast(&keeper->changed);
    while (!w->settled && (now = backhand_clock_now()) < deadline) {
        backhand_clock_cond_wait(&keeper->changed, &keeper->lock, deadline - now);
    }
    if (!w->settled) {
        give_up(keeper, w);
    }
}

static backhand_worker *find_worker(struct backhand_keeper *keeper, const char *key, int fresh,
                                    const backhand_announcement *announcement)
{
    apr_hash_t *workers = keeper->workers[fresh];
    wish w = {.key = key, .fresh = fresh, .announcement = announcement};
    backhand_worker *worker;

    pthread_mutex_lock(&keeper->lock);
    worker = apr_hash_get(workers, key, APR_HASH_KEY_STRING);
    if (!worker) {
        wait_for_keeper(keeper, &w, keeper->proxy->conf->connect_timeout);
        worker = apr_hash_get(workers, key, APR_HASH_KEY_STRING);
    }
    if (worker) {
        __atomic_add_fetch(&worker->users, 1, __ATOMIC_RELAXED);
    }
    pthread_mutex_unlock(&keeper->lock);
    return worker;
}

apr_status_t backhand_keeper_child_init(server_rec *s)
{
    backhand_proxy *proxy = backhand_config_get(s)->proxy;
    apr_status_t rv;

    if (!proxy->mod_proxy.module) {
        return APR_SUCCESS;
    }
    rv = backhand_attempt_child_init();
    return rv == APR_SUCCESS ? start(proxy) : rv;
}

backhand_worker *backhand_keeper_get(backhand_proxy *proxy, const request_rec *r,
                                     const backhand_announcement *announcement, int fresh)
{
    const backhand_settings *settings = backhand_settings_get(proxy, r, 0);
    char key[BACKHAND_WORKER_KEY_SIZE];

    backhand_worker_key(key, proxy->conf->table, announcement->stat.contact,
                        announcement->contact.https && settings ? settings->tls : -1);
    return find_worker(proxy->keeper, key, fresh, announcement);
}
