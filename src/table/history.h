/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file history.h
 * @brief How each server was over the last minutes: a sample every BACKHAND_HISTORY_PERIOD. Core: no httpd.
 */
#ifndef BACKHAND_TABLE_HISTORY_H
#define BACKHAND_TABLE_HISTORY_H

#include "table/table.h"

/** Time between two samples. */
#define BACKHAND_HISTORY_PERIOD apr_time_from_sec(5)
/** Takes a sample of every server when a period has passed since the last. [moderator] */
void backhand_history_note(backhand_table *table);

/** Copies a server's samples. All are -1 when the slot has no server. Any process, any thread. */
void backhand_history_read(backhand_history *out, const backhand_table *table, int id);

/** Requests that it served in a second, x 1000, over the last minute; -1: not known. It is not known either while the
 * server was started again within that minute. */
int64_t backhand_history_rate(const backhand_history *history);

#endif
