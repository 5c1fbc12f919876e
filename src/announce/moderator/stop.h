/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file stop.h
 * @brief Notices a stop signal in httpd's parent before its listening sockets are closed.
 */
#ifndef BACKHAND_STOP_H
#define BACKHAND_STOP_H

#include <apr_pools.h>

/**
 * Runs `leave` when this process gets SIGTERM, SIGINT or the signal for a graceful stop, before the MPM's own handler.
 * The parent calls this after the MPM has set its handlers, once a configuration; further calls do nothing. The MPM's
 * handlers are restored when `pconf` is cleared. In processes that are forked later `leave` never runs.
 * @param leave  async-signal-safe
 */
void backhand_stop_watch(apr_pool_t *pconf, void (*leave)(void));

#endif
