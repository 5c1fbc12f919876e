/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file pick.h
 * @brief Picks a few live servers at random, so that front servers with the same figures do not all choose the same
 * server. Core: no httpd.
 */
#ifndef BACKHAND_PICK_H
#define BACKHAND_PICK_H

#include "candidacy/chain.h"

/**
 * Reduces the list to at most `most` servers heard within SERVER_TIMEOUT (see backhand_table_older()), in random order.
 * This server stays in addition if it was in the list: its own figures are never old.
 * @return *n, at most most + 1
 */
int backhand_pick(const backhand_table *table, ServerSlot *servers, int *n, int most);

/**
 * Picks from all entries of the table except this server's. The time does not grow with the table, unless nearly all
 * servers in it are gone.
 * @param ids   room for `most`
 * @param most  up to BACKHAND_PICK_MOST
 * @return the number of servers picked
 */
int backhand_pick_any(const backhand_table *table, int *ids, int most, apr_time_t now);

#define BACKHAND_PICK_MOST 64

#endif
