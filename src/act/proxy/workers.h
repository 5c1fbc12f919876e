/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file workers.h
 * @brief The other servers for mod_proxy: a proxy worker for each server and child process, and how it runs a request.
 *
 * Making a worker takes a lock that all processes share, so no request does it: the request asks the child's keeper
 * thread and waits a limited time. Once a server has left or is no longer in the table, and no request uses its worker,
 * the keeper frees the worker with its connections. So the number of workers stays within the table's servers plus
 * those in use.
 */
#ifndef BACKHAND_WORKERS_H
#define BACKHAND_WORKERS_H

#include "act/proxy/settings.h"

/** Size of a contact, a space and the number of a group, and a space and a time. */
#define BACKHAND_WORKER_KEY_SIZE (BACKHAND_CONTACT_SIZE + 34)

/** Size of the text about a worker that could not be made. */
#define BACKHAND_WORKER_ERROR_SIZE 128

/** One server that this child process can hand requests to. */
typedef struct backhand_worker {
    char key[BACKHAND_WORKER_KEY_SIZE]; /**< `http://192.0.2.1:80`, the contact; https: a space and tls.h's group; if
                                         * this machine's addresses have changed: a space, `@` and when */
    apr_pool_t *pool;                   /**< private: holds the whole worker */
    proxy_worker *proxy_worker;
    apr_interval_time_t idle_limit; /**< longest idle time of a pooled connection */
    int ipv6;
    int fresh;         /**< opens a new connection for each request */
    int64_t busy;      /**< hand-offs of this child that use it now */
    apr_time_t used;   /**< when the last hand-off ended */
    int users;         /**< private: requests between backhand_keeper_get() and backhand_worker_release() */
    unsigned int seen; /**< private: the keeper's last look that found its server in the table */
} backhand_worker;

/** Writes the key of a contact and, for https, of a group of tls.h; -1: http. When this machine's addresses have
 * changed, the key is another one, so that no request uses a connection from an address that is gone. */
void backhand_worker_key(char key[BACKHAND_WORKER_KEY_SIZE], const backhand_table *table, const char *contact,
                         int group);

/**
 * Makes a worker in a sub-pool of `pool`, which frees it. Keeper thread only.
 * @param error  the reason if there is none; not set otherwise
 */
backhand_worker *backhand_worker_make(backhand_proxy *proxy, const char *key, int fresh,
                                      const backhand_announcement *announcement, apr_pool_t *pool,
                                      char error[BACKHAND_WORKER_ERROR_SIZE]);

/** Releases the worker that backhand_keeper_get() returned; the keeper may free it then. */
void backhand_worker_release(backhand_worker *worker);

/** Runs mod_proxy's handler for the worker's scheme, and returns its result. */
int backhand_worker_run(backhand_proxy *proxy, request_rec *r, backhand_worker *worker, proxy_server_conf *conf,
                        char *url);

/** True when this child can ask other servers at all. */
int backhand_workers_ready(const backhand_proxy *proxy);

#endif
