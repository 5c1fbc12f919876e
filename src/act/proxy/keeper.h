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

/** Starts the thread in a child process and sets proxy->keeper. @return APR_SUCCESS, or why there is none */
apr_status_t backhand_keeper_start(backhand_proxy *proxy);

/**
 * The worker of that key; when there is none yet waits for the keeper to make it, BackhandConnectTimeout at most. Any
 * thread.
 * @param announcement  what the table says of the server
 * @return a worker to be given back by backhand_worker_release(), or NULL
 */
backhand_worker *backhand_keeper_worker(struct backhand_keeper *keeper, const char *key, int fresh,
                                        const backhand_announcement *announcement);

#endif
