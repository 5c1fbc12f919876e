/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file scoreboard.h
 * @brief Counts this server's workers by httpd's scoreboard.
 *
 * A worker is a thread, or with prefork a process. Any process may call these functions once httpd has made its
 * scoreboard; before that they count nothing.
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

/** True if fewer than two workers are idle, or more than half of MaxRequestWorkers are busy. A worker that waits for
 * the next request of a kept connection is busy here. */
int backhand_scoreboard_is_short(void);

/** True if more than `n` workers of the current generation run. Stops counting once that is known. */
int backhand_scoreboard_runs_more_than(int64_t n);

/** True if a worker is idle and accepts connections from the sockets that the calling process listens on. */
int backhand_scoreboard_accepts(void);

#endif
