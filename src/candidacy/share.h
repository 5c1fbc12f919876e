/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file share.h
 * @brief Leaves servers out of a request's list because of an order: those that get no new requests, and, by lot, those
 * that shall get less than their fair share. Core: no httpd.
 *
 * A server from which 75 % are withheld takes part in a quarter of all decisions. Functions that compare load would
 * make up for that, because the server is emptier than others. So they count its load as that of a server which is
 * smaller by that share, see prediction.h and estimate.h.
 */
#ifndef BACKHAND_SHARE_H
#define BACKHAND_SHARE_H

#include "table/table.h"

/**
 * Removes servers that this request shall not go to, and keeps the order of the others. If no live server would be
 * left, all stay that only a lot or a new session would remove. Needed only if backhand_table_any_restricted().
 * @param session  1: the request begins a session, which a drained server shall not own, this one included
 * @return the new length
 */
int backhand_share_new(const backhand_table *table, ServerSlot *list, int n, int session);

/** Removes servers that shall not even get requests of their own sessions. @return the new length */
int backhand_share_open(const backhand_table *table, ServerSlot *list, int n);

/** The load of a server as if its fair share were all that it can take: `load` divided by the share. */
int64_t backhand_share_scale(const backhand_table *table, int id, int64_t load);

#endif
