/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file workers.h
 * @brief The other servers as mod_proxy sees them: a proxy worker a server and child process, and how
 * one runs a request.
 *
 * Setting up a worker takes a lock that all processes share, so a request never does it: it asks the child's keeper
 * thread and waits for it a bounded time. The keeper also takes a worker away, its connections with it, once its server
 * has left or is no longer in the table and no request uses it: so there are never more than the table's servers and
 * what is under way need.
 */
#ifndef BACKHAND_WORKERS_H
#define BACKHAND_WORKERS_H

#include "act/proxy/settings.h"

/** A contact, a space, the number of a group. */
#define BACKHAND_WORKER_KEY_SIZE (BACKHAND_CONTACT_SIZE + 12)

/** Text about a worker that could not be made. */
#define BACKHAND_WORKER_ERROR_SIZE 128

/** One server that this child process can hand requests to. */
typedef struct backhand_worker {
    char key[BACKHAND_WORKER_KEY_SIZE]; /**< `http://192.0.2.1:80`, the contact; https: a space and tls.h's group */
    apr_pool_t *pool;                   /**< private: all of it lives here */
    proxy_worker *proxy_worker;
    apr_interval_time_t idle_limit; /**< how long an idle pooled connection may wait */
    int ipv6;
    int fresh;         /**< opens a new connection for each request */
    int64_t busy;      /**< hand-offs of this child that use it now */
    apr_time_t used;   /**< when the last one ended */
    int users;         /**< private: between backhand_keeper_get() and backhand_worker_release() */
    unsigned int seen; /**< private: the keeper's last look that found its server in the table */
} backhand_worker;

/** Writes the key of a contact: with https, of a group of tls.h; -1: it is http. */
void backhand_worker_key(char key[BACKHAND_WORKER_KEY_SIZE], const char *contact, int group);

/**
 * Makes a worker in a sub-pool of `pool`; it goes with that. Keeper thread only.
 * @param error  why there is none, set then only
 */
backhand_worker *backhand_worker_make(backhand_proxy *proxy, const char *key, int fresh,
                                      const backhand_announcement *announcement, apr_pool_t *pool,
                                      char error[BACKHAND_WORKER_ERROR_SIZE]);

/** The request is done with the worker that backhand_keeper_get() returned: it may go. */
void backhand_worker_release(backhand_worker *worker);

/** Runs mod_proxy's handler for the worker's scheme. Returns what it returns. */
int backhand_worker_run(backhand_proxy *proxy, request_rec *r, backhand_worker *worker, proxy_server_conf *conf,
                        char *url);

/** True when this child can ask other servers at all. */
int backhand_workers_ready(const backhand_proxy *proxy);

#endif
