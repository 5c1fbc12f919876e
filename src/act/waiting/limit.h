/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file limit.h
 * @brief Bounds on how many requests may wait for other servers at once.
 *
 * A worker that waits for another server serves no request. If all workers of all servers waited for each other, no
 * request would ever end. So three bounds hold at the same time:
 *
 *  - For the whole server: BackhandMaxHandoffs. For requests that only their session's owner may serve:
 *    BackhandMaxSessionHandoffs. For requests that ask for a tunnel, which are counted apart: BackhandMaxTunnels.
 *  - The number of workers that run now, less one. Workers that httpd may still start do not count, because a start
 *    takes seconds.
 *  - In each process with several threads: its threads less one. With the event MPM also the bound of room.h: this MPM
 *    keeps an idle connection in one process, and only a thread of that process can serve the next request there.
 *
 * The worker that is left over serves requests of other servers and of clients. A request above a bound waits for no
 * other server: this server serves it, or, if another server owns its session, answers it by 503 or a redirect. So each
 * server goes on, whatever the others do.
 */
#ifndef BACKHAND_LIMIT_H
#define BACKHAND_LIMIT_H

#include "config/config.h"
#include "walk/result.h"

/**
 * Moves a request of this process from the count of served requests to that of waiting ones, unless that exceeds a
 * bound. A request that waits for this server's own contact, `id` 0, counts as served here as well, because this server
 * measures it. Threads that enter at the same moment may all be refused; the bounds are never exceeded.
 * @param owned  1: `id` owns the request's session. If only too few workers run, and httpd can start more, the function
 *               waits up to 2 s for one
 * @return BACKHAND_RESULT_NONE; or the bound that would be exceeded, BACKHAND_RESULT_LIMIT or _TUNNELS: nothing has
 * changed
 */
backhand_walk_result backhand_limit_enter(const backhand_config *conf, backhand_process *process, int id,
                                          backhand_wait kind, int owned);

/** Ends the wait: the request counts as served here again. `id` and `kind` are those of backhand_limit_enter(). */
void backhand_limit_leave(const backhand_config *conf, backhand_process *process, int id, backhand_wait kind);

#endif
