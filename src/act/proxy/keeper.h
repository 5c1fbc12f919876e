/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file keeper.h
 * @brief The keeper: a thread of each child that makes and frees the child's workers, and watches attempts and
 * connections.
 *
 * Only this thread allocates from its pool. That pool belongs to no pool of httpd, and only the end of the process ends
 * the keeper.
 */
#ifndef BACKHAND_KEEPER_H
#define BACKHAND_KEEPER_H

#include "act/proxy/workers.h"

struct backhand_keeper;

/** Starts the child's keeper thread, if mod_proxy is loaded. */
apr_status_t backhand_keeper_child_init(server_rec *s);

/**
 * Returns the worker for a contact and the request's host. When this child meets the server for the first time, waits
 * up to BackhandConnectTimeout.
 * @param fresh  1: opens a new connection for each request, for requests that must not be sent twice: the other side
 *               may close a kept connection at the moment when it is used
 * @return the worker, which stays until backhand_worker_release(); NULL: it could not be made in time
 */
backhand_worker *backhand_keeper_get(backhand_proxy *proxy, const request_rec *r,
                                     const backhand_announcement *announcement, int fresh);

#endif
