/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file bounds.h
 * @brief Computes how many requests of a server may wait for other servers at once. Core: no httpd.
 *
 * A worker that waits for another server serves no request. Servers that hand requests to each other must never have
 * all their workers waiting. So a request may wait only within three bounds: backhand_bounds_server() for the whole
 * server; backhand_bounds_leave_one(), which leaves one running worker over; and backhand_bounds_process() for each
 * process.
 */
#ifndef BACKHAND_BOUNDS_H
#define BACKHAND_BOUNDS_H

#include <stdint.h>

/** No bound. */
#define BACKHAND_BOUNDS_NONE INT64_MAX

/**
 * BackhandMaxHandoffs: how many requests of the whole server may wait.
 * @param fixed    that number; -1: `percent` of the workers, rounded down, but at least 1 if there are two workers
 * @param percent  0 to 100
 * @param workers  largest number of workers of the server
 */
int64_t backhand_bounds_server(int64_t fixed, double percent, int64_t workers);

/** True if one of the `running` workers is left over while `waiting` workers wait. */
int backhand_bounds_leave_one(int64_t waiting, int64_t running);

/**
 * How many requests of one process may wait, so that one of its threads is left over.
 * @param threads  of the process, from 1
 * @param async    1: a kept connection belongs to the process (event MPM), so the only thread of a process may not wait
 *                 either; 0: it belongs to a thread, and a process of one thread has no bound of its own
 */
int64_t backhand_bounds_process(int64_t threads, int async);

#endif
