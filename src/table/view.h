/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file view.h
 * @brief The newest figures of each server, from its announcement or from its last response. Any process, any thread.
 */
#ifndef BACKHAND_TABLE_VIEW_H
#define BACKHAND_TABLE_VIEW_H

#include "table/table.h"

/** A server's newest figures of itself; for slot 0 those of the own meter, as of now. Then what this server counted of
 * its requests there; see table/handoff.h. */
typedef struct backhand_view {
    backhand_work work;
    int64_t outstanding; /**< requests of ours that it had in hand when it told the figures */
    int64_t sent;        /**< requests that we had sent until then */
    int64_t sent_now;    /**< requests that we have sent until now */
    int64_t returned;    /**< of these, no longer waiting for it */
    int64_t begun;       /**< of those sent, whose response has begun, or that failed */
    int64_t begun_last;  /**< when one last began, or was sent while none waited, us */
    int64_t hop;         /**< smoothed time that a hand-off adds to the time of serving there, us; 0: not known */
    int64_t withheld;    /**< percent of its fair share that an order withholds from it, 0 to 100 */
} backhand_view;

/** The newest of a slot's announcement and its last report. */
void backhand_table_view(const backhand_table *table, int id, backhand_view *view);

/** Begins to fetch the memory that decisions read of slot `id`, 0 to backhand_table_max() - 1. In a large table it is
 * in no cache: a caller that prefetches several servers before it reads the first one waits once for all of them.
 * Changes nothing. */
void backhand_table_view_prefetch(const backhand_table *table, int id);

#endif
