/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file handoff.h
 * @brief Counts the requests that this server hands to each server, or keeps. Any process, any thread.
 *
 * The functions count nothing once the slot has another server than that of `generation`: the work of an earlier server
 * says nothing about the new one.
 */
#ifndef BACKHAND_TABLE_HANDOFF_H
#define BACKHAND_TABLE_HANDOFF_H

#include "table/table.h"

/** The slot's generation; 0: never used. A request notes it with its candidate, and passes it to every function that
 * counts. */
uint64_t backhand_table_slot_generation(const backhand_table *table, int id);

/** This server keeps a request for itself: slot 0 counts it as sent, begun and returned. */
void backhand_table_kept(backhand_table *table);

/** A request is about to be sent to slot `id`. */
void backhand_table_sent(backhand_table *table, int id, uint64_t generation);
/** Its response has begun, or it failed. Once for each backhand_table_sent(), before backhand_table_returned(). */
void backhand_table_begun(backhand_table *table, int id, uint64_t generation);
/** The exchange is over. */
void backhand_table_returned(backhand_table *table, int id, uint64_t generation);
/** Keeps the figures that the response carried. `hop`: time that the hand-off added, us, or -1 if not known.
 * Called between backhand_table_begun() and backhand_table_returned(). @return 0: the slot has got another server */
int backhand_table_report(backhand_table *table, int id, uint64_t generation, const backhand_work *work, int64_t hop);

#endif
