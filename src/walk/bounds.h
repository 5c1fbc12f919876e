/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file bounds.h
 * @brief How many requests of a server may wait for other servers at once: the arithmetic. Core: no httpd.
 *
 * A worker that waits for another server serves nobody. Servers that hand requests to each other must never all wait.
 * So a request may wait only if it is within backhand_bounds_server(), if one of the workers that run is left over
 * (backhand_bounds_leave_one()), and if it is within backhand_bounds_process().
 */
#ifndef BACKHAND_BOUNDS_H
#define BACKHAND_BOUNDS_H

#include <stdint.h>

/** No bound. */
#define BACKHAND_BOUNDS_NONE INT64_MAX

/**
 * BackhandMaxHandoffs: requests that the whole server may let wait.
 * @param fixed    that number; -1: `percent` of the workers, rounded down, but at least 1 if there are two workers
 * @param percent  0 to 100
 * @param workers  that the server may run
 */
int64_t backhand_bounds_server(int64_t fixed, double percent, int64_t workers);

/** True if, with `waiting` workers that wait, one of the `running` ones is left over. */
int backhand_bounds_leave_one(int64_t waiting, int64_t running);

/**
 * Requests that one process may let wait: one of its threads is left over.
 * @param threads  of the process, from 1
 * @param async    a kept connection belongs to the process (event MPM), so the only thread of a process may not wait
 *                 either; otherwise it belongs to a thread, and a process of one thread has no bound of its own
 */
int64_t backhand_bounds_process(int64_t threads, int async);

#endif
