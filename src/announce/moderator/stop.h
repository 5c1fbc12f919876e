/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file stop.h
 * @brief Notices a stop signal in httpd's parent before its listening sockets are closed.
 */
#ifndef BACKHAND_STOP_H
#define BACKHAND_STOP_H

#include <apr_pools.h>

/**
 * Runs `leave` when this process gets SIGTERM, SIGINT or the signal for a graceful stop, and then the MPM's handler.
 * The parent calls this after the MPM has set its handlers; only the first call for a configuration has an effect.
 * Clearing `pconf` restores the MPM's handlers. In processes that are forked later `leave` never runs.
 * @param leave  async-signal-safe
 */
void backhand_stop_watch(apr_pool_t *pconf, void (*leave)(void));

#endif
