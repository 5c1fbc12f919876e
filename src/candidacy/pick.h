/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file pick.h
 * @brief A few live servers of a list at random, so that servers that decide by the same figures do not all decide the
 *          same. Core: no httpd.
 */
#ifndef BACKHAND_PICK_H
#define BACKHAND_PICK_H

#include "candidacy/chain.h"

/**
 * Leaves up to `most` servers that were heard from within SERVER_TIMEOUT (see backhand_table_older()), in random order,
 * and this server besides if it was in the list: its own figures are never old.
 * @return *n, at most most + 1
 */
int backhand_pick(const backhand_table *table, ServerSlot *servers, int *n, int most);

/**
 * The same for all entries except this server's, and without a list. The time does not grow with the table, unless
 * nearly all servers in it are gone.
 * @param ids   room for `most`
 * @param most  up to BACKHAND_PICK_MOST
 * @return how many
 */
int backhand_pick_any(const backhand_table *table, int *ids, int most, apr_time_t now);

#define BACKHAND_PICK_MOST 64

#endif
