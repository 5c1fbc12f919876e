/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file wait.h
 * @brief How long a request would wait until a server begins with it. Core: no httpd.
 */
#ifndef BACKHAND_WAIT_H
#define BACKHAND_WAIT_H

#include "table/table.h"

/**
 * The least time that a request waits for a free place, over the candidates. Looks at the first 8 of the list that are
 * live; at this server alone if there is none. By the figures that the rule decides by (decide.h): a server with a free
 * place, or of which nothing is known, begins at once. Any process, any thread; allocates nothing.
 * @return us
 */
apr_interval_time_t backhand_wait_least(const backhand_table *table, const ServerSlot *list, int n, apr_time_t now);

#endif
