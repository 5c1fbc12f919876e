/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file latency.h
 * @brief How long requests take at a concurrency like the present one: a figure for policies. Core: no httpd; pure.
 */
#ifndef BACKHAND_LATENCY_H
#define BACKHAND_LATENCY_H

#include "load/ring.h"

/** The median of the newest ended records, up to 64, whose level is near `inflight`; when there are hardly any,
 * `service` times the contention. us; `records` newest first. */
int64_t backhand_latency_of(const backhand_record *records, int n, int64_t inflight, int64_t service, int64_t parallel);

/** A latency read with `then` requests in flight, when there are `now`. parallel x 1000, or 0. */
int64_t backhand_latency_now(int64_t latency, int64_t then, int64_t now, int64_t parallel);

#endif
