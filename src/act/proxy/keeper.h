/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file keeper.h
 * @brief The keeper: a thread of each child that makes and takes away its workers, and looks after attempts and
 * connections.
 *
 * It alone allocates from its pool. It hangs on no pool of httpd's, and nothing but the end of the process ends it.
 */
#ifndef BACKHAND_KEEPER_H
#define BACKHAND_KEEPER_H

#include "act/proxy/workers.h"

struct backhand_keeper;

/** Starts the child's keeper thread, if mod_proxy is loaded. */
apr_status_t backhand_keeper_child_init(server_rec *s);

/**
 * The worker for a contact and the request's host; waits up to BackhandConnectTimeout when this child meets the server
 * for the first time.
 * @param fresh  1: a new connection for each request, instead of one that was kept; for requests that must not be
 *               sent twice. A kept one may be closed by the other side in the moment in which it is used.
 * @return NULL when it could not be made in time. It stays until backhand_worker_release()
 */
backhand_worker *backhand_keeper_get(backhand_proxy *proxy, const request_rec *r,
                                     const backhand_announcement *announcement, int fresh);

#endif
