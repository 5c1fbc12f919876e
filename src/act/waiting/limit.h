/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file limit.h
 * @brief How many requests may wait for other servers at once.
 *
 * A worker that waits for another server serves nobody. Servers that hand requests to each other must never all
 * wait, so three bounds hold at the same time:
 *
 *  - BackhandMaxHandoffs, for the whole server;
 *  - the workers that run now, less one. Those that httpd may still start do not count: starting takes it seconds;
 *  - in each process with several threads, its threads less one; with the event MPM also as room.h says. That MPM
 *    keeps an idle connection in one process, and only a thread of that process can serve the next request there.
 *
 * The worker that is left over serves requests of other servers and of clients; a request that is over a bound is
 * served here. So each server goes on, whatever the others do.
 */
#ifndef BACKHAND_LIMIT_H
#define BACKHAND_LIMIT_H

#include "config/config.h"

/**
 * Counts a request that this process serves as one that waits for another server, unless it would be one too many.
 * What waits for this server's own contact, `id` 0, counts as served here besides: this server measures it.
 * Threads of one server that ask at the same moment may all be refused; more than the bounds never get through.
 * @return 0: over a bound, nothing has changed
 */
int backhand_limit_enter(const backhand_config *conf, backhand_process *process, int id);

/** The wait is over: the request counts as served here again. `id`: as before. */
void backhand_limit_leave(const backhand_config *conf, backhand_process *process, int id);

#endif
