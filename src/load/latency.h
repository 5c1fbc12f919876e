/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file latency.h
 * @brief Estimates how long requests take at the present concurrency: a figure for policies. Core: no httpd; pure.
 */
#ifndef BACKHAND_LATENCY_H
#define BACKHAND_LATENCY_H

#include "load/ring.h"

/** The median duration, in us, of up to 64 of the newest finished requests whose level is near `inflight`. If there are
 * fewer than 8: `service` times the contention. `records`: newest first. `parallel`: x 1000. */
int64_t backhand_latency_of(const backhand_record *records, int n, int64_t inflight, int64_t service, int64_t parallel);

/** Scales a latency, estimated when `then` requests were in flight, to `now` requests. `parallel`: x 1000; 0: unknown.
 */
int64_t backhand_latency_now(int64_t latency, int64_t then, int64_t now, int64_t parallel);

#endif
