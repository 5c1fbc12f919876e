/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file moderator.h
 * @brief The moderator: the process that measures this server, announces it, and receives the announcements of others.
 *
 * The moderator is one process, a child of httpd's parent, running as httpd's user. No other process writes
 * announcements into the table. The parent starts the moderator in pre_mpm (first start) or post_config (restarts),
 * replaces it at each restart, and starts another when it dies or hangs. The moderator ends within one interval when
 * its parent is gone. The parent never waits for it longer than 300 ms, and 1.2 s when httpd stops. If it cannot be
 * forked, httpd serves requests without it.
 */
#ifndef BACKHAND_MODERATOR_H
#define BACKHAND_MODERATOR_H

#include "config/config.h"

#include <scoreboard.h>

/** Forks the moderator. Clearing `pconf` ends it. If it cannot be forked, the log says so, and
 * backhand_moderator_monitor() tries again. Only for httpd's parent. */
void backhand_moderator_start(server_rec *s, apr_pool_t *pconf);

/**
 * Tells the moderator, from the parent's signal handler, that this server stops, and waits up to 200 ms until it has
 * told the others. Async-signal-safe.
 */
void backhand_moderator_leave(void);

/** Hook monitor, which the parent runs about every 10 s: starts the moderator if there is none, and kills a moderator
 * that hangs, so that httpd starts another. */
int backhand_moderator_monitor(apr_pool_t *p, server_rec *s);

/** Hook child_status: when the first child starts or ends, begins to watch for the parent's stop signals (see stop.h);
 * clears the rows of children that have ended. */
void backhand_moderator_child_status(server_rec *s, pid_t pid, ap_generation_t gen, int slot, int status);

#endif
