/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file blame.h
 * @brief Tells a server's own failures, after which it is asked last for a while, from failures of one request.
 *
 * A server that accepts no connection, or falls silent, has failed: backhand_table_refused(). All other failures (no
 * answer in time, a connection closed before the response, a response that breaks off) may be caused by the request, by
 * its client or by one page: backhand_table_failed(). That function blames the server only if BACKHAND_BLAME_ROW such
 * failures come in a row, each of another client and for another path, without a complete answer in between.
 *
 * The words are atomics without a lock. Two failures at the same instant may count as one.
 */
#ifndef BACKHAND_BLAME_H
#define BACKHAND_BLAME_H

#include "table/table.h"

/** The server in slot `id` failed. Does nothing when the slot got another server since `generation`. Any process, any
 * thread. */
void backhand_table_refused(backhand_table *table, int id, uint64_t generation);

/**
 * A request failed at the server in slot `id`. Does nothing when the slot got another server since `generation`.
 * Any process, any thread.
 * @param client, path  hashes of the client and the path; see backhand_blame_client() and backhand_blame_path()
 * @return 1 if the server is blamed, as after backhand_table_refused(); else 0
 */
int backhand_table_failed(backhand_table *table, int id, uint64_t generation, uint64_t client, uint64_t path);

/** The server in slot `id` answered a request in full. Any process, any thread. */
void backhand_table_answered(backhand_table *table, int id, uint64_t generation);

/** True when the server was blamed within the last `retry` us. A time in the future, after the clock was set back, does
 * not count. */
int backhand_table_refused_lately(const backhand_table *table, int id, apr_interval_time_t retry);

/**
 * True once in `period` us for each slot and kind, over all processes: then the log may report the server's failure.
 * Any process, any thread.
 * @param blamed  1: a failure that it is blamed for; 0: another one
 */
int backhand_table_complain(backhand_table *table, int id, int blamed, apr_interval_time_t period);

/** A client, from its address as text. The addresses of one IPv6 network of 64 bits are one client. */
uint64_t backhand_blame_client(const char *address);

/** A path, without its query. */
uint64_t backhand_blame_path(const char *path);

#endif
