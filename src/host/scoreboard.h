/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file scoreboard.h
 * @brief What httpd's scoreboard says of this server's workers.
 *
 * A worker is a thread, or with prefork a process. Any process may call these, once httpd has made its scoreboard;
 * before that nothing is counted.
 */
#ifndef BACKHAND_SCOREBOARD_H
#define BACKHAND_SCOREBOARD_H

#include <stdint.h>

/** True when the MPM has an event loop, so that a connection that is idle between two requests holds no worker. */
int backhand_scoreboard_async(void);

/**
 * Counts the workers of the current generation: `ready` for a request, and `running`, which are the ready and the
 * busy ones. On prefork and worker a worker that waits for the next request of a kept connection is ready too: it
 * gives the connection up when another one needs it.
 */
void backhand_scoreboard_count(int64_t *ready, int64_t *running);

/** True when fewer than two workers have nothing to do, or more than half of MaxRequestWorkers have something; one
 * that waits for the next request of a kept connection has. */
int backhand_scoreboard_is_short(void);

/** True when more than `n` workers of the current generation run. Looks at no more of them than it needs. */
int backhand_scoreboard_runs_more_than(int64_t n);

/** True when a worker has nothing to do and accepts connections from the sockets that the calling process listens
 * on. */
int backhand_scoreboard_accepts(void);

#endif
