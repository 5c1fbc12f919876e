/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file limit.h
 * @brief How many requests may wait for other servers at once.
 *
 * A worker that waits for another server serves nobody. Servers that hand requests to each other must never all
 * wait, so three bounds hold at the same time:
 *
 *  - BackhandMaxHandoffs, for the whole server; for requests that only the owner of their session may serve,
 *    BackhandMaxSessionHandoffs; for those that ask for a tunnel, which count apart, BackhandMaxTunnels;
 *  - the workers that run now, less one. Those that httpd may still start do not count: starting takes it seconds;
 *  - in each process with several threads, its threads less one; with the event MPM also as room.h says. That MPM
 *    keeps an idle connection in one process, and only a thread of that process can serve the next request there.
 *
 * The worker that is left over serves requests of other servers and of clients. A request that is over a bound waits
 * for no other server: this one serves it, or, if another one owns its session, answers it by 503 or a redirect. So
 * each server goes on, whatever the others do.
 */
#ifndef BACKHAND_LIMIT_H
#define BACKHAND_LIMIT_H

#include "config/config.h"
#include "walk/result.h"

/**
 * Counts a request that this process serves as one that waits for another server, unless it would be one too many.
 * A request that waits for this server's own contact, `id` 0, counts as served here besides: this server measures it.
 * Threads of one server that ask at the same moment may all be refused; more than the bounds never get through.
 * @param owned  1: `id` owns the request's session. While httpd can start further workers and only those are missing,
 *               the function waits for one for up to 2 s
 * @return BACKHAND_RESULT_NONE; or the bound that it is over, BACKHAND_RESULT_LIMIT or _TUNNELS: nothing has changed
 */
backhand_walk_result backhand_limit_enter(const backhand_config *conf, backhand_process *process, int id,
                                          backhand_wait kind, int owned);

/** The wait is over: the request counts as served here again. `id`, `kind`: as before. */
void backhand_limit_leave(const backhand_config *conf, backhand_process *process, int id, backhand_wait kind);

#endif
