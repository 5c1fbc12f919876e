/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file counters.h
 * @brief What this server counts of itself, and what its processes tell each other. Any process, any thread.
 */
#ifndef BACKHAND_COUNTERS_H
#define BACKHAND_COUNTERS_H

#include "table/table.h"

/** Counts one more. */
void backhand_table_count(backhand_table *table, backhand_counter counter);
/** How many were counted since the table was made. */
int64_t backhand_table_counted(const backhand_table *table, backhand_counter counter);

/** Counts a datagram that was dropped. [moderator] */
void backhand_table_count_drop(backhand_table *table, backhand_drop reason);
/** Datagrams dropped for that reason. */
int64_t backhand_table_drops(const backhand_table *table, backhand_drop reason);

/** Adds the time that a received request took, us, to its smoothed mean. */
void backhand_table_received_took(backhand_table *table, apr_interval_time_t usec);
/** The smoothed mean time to serve a received request, us; 0: none yet. */
apr_interval_time_t backhand_table_received_usec(const backhand_table *table);

/** True once in `period` us, over all processes. */
int backhand_table_once(backhand_table *table, backhand_occasion occasion, apr_interval_time_t period);

/** The moderator works. [moderator] */
void backhand_table_beat(backhand_table *table);
/** Grows while the moderator works; never set back. */
int64_t backhand_table_beats(const backhand_table *table);
/** When it last did; 0: never. */
apr_time_t backhand_table_last_beat(const backhand_table *table);

/** 1: this server is stopping, announce that it leaves. 0: it is not. By the parent. */
void backhand_table_set_stopping(backhand_table *table, int stopping);
int backhand_table_stopping(const backhand_table *table);

/** This machine's speed score; 0: not measured yet. Policies may write it, too. */
int64_t backhand_table_speed(const backhand_table *table);
void backhand_table_set_speed(backhand_table *table, int64_t score);

#endif
