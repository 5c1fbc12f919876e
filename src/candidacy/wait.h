/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file wait.h
 * @brief Estimates how long a request would wait until a server begins to serve it. Core: no httpd.
 */
#ifndef BACKHAND_WAIT_H
#define BACKHAND_WAIT_H

#include "table/table.h"

/**
 * The shortest wait for a free place among the first 8 live candidates; if there are none, the wait at this server.
 * Uses the estimates of the rule (decide.h): a server with a free place, or about which nothing is known, begins at
 * once. Any process, any thread; allocates nothing.
 * @return us
 */
apr_interval_time_t backhand_wait_least(const backhand_table *table, const ServerSlot *list, int n, apr_time_t now);

#endif
