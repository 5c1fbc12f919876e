/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file since.h
 * @brief Since when each condition holds, and which of them the log has a line about.
 *
 * It is in the table's memory, so that a new moderator goes on where the one before ended, and every process sees the
 * times. Only the moderator writes it. Core: no httpd.
 */
#ifndef BACKHAND_TABLE_SINCE_H
#define BACKHAND_TABLE_SINCE_H

#include "table/table.h"

/**
 * The condition with that key, not 0, holds now. When BACKHAND_SINCES others are remembered, nothing is noted.
 * [moderator]
 * @param began  when it began; 0: not known, so it begins with this call
 * @param wait   for how long the moderator must have seen it until the log gets a line. The time starts anew after 3 s
 *               without a call
 * @param text   that line, remembered for the line that it has ended; cut off after BACKHAND_SINCE_TEXT - 1 bytes
 * @return 1: log it now. Only once, until it has ended
 */
int backhand_since_hold(backhand_table *table, uint64_t key, apr_time_t began, apr_interval_time_t wait,
                        const char *text);

/**
 * Forgets a condition that has not held for `linger`. Those that the log has no line about are forgotten silently.
 * [moderator]
 * @return 1, and in `text` the line that the log has about it; 0: there is no other one
 */
int backhand_since_ended(backhand_table *table, apr_interval_time_t linger, char text[BACKHAND_SINCE_TEXT]);

/** When the condition with that key began, us; 0: it is not remembered. Any process. */
apr_time_t backhand_since_get(const backhand_table *table, uint64_t key);

#endif
