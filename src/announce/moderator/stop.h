/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file stop.h
 * @brief Notices in httpd's parent that it is told to stop, before its listening sockets are closed.
 */
#ifndef BACKHAND_STOP_H
#define BACKHAND_STOP_H

#include <apr_pools.h>

/**
 * Lets `leave` run when this process gets SIGTERM, SIGINT or the signal for a graceful stop, before the handler that was
 * there until now, which is the MPM's. Called by the parent after the MPM has set its handlers; once a configuration is
 * enough, more calls do nothing. What was there is back when `pconf` is cleared. In processes forked later `leave` never
 * runs.
 * @param leave  async-signal-safe
 */
void backhand_stop_watch(apr_pool_t *pconf, void (*leave)(void));

#endif
