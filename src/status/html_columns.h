/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file html_columns.h
 * @brief The columns of the table of servers. A new column is a line in html_columns.c.
 */
#ifndef BACKHAND_STATUS_HTML_COLUMNS_H
#define BACKHAND_STATUS_HTML_COLUMNS_H

#include "status/html.h"
#include "table/history.h"

/** Sums over all servers that are up; `sent` and `waiting` over all. */
typedef struct backhand_totals {
    int64_t load, ncpu, busy, inflight, rate, ready, workers, sent, waiting, failed, received;
} backhand_totals;

/** A server, with its last minutes. */
typedef struct backhand_line {
    const backhand_row *row;
    backhand_history history;
} backhand_line;

/** The largest sample of each column's curves. */
typedef struct backhand_scales {
    int32_t most[BACKHAND_TRACES];
} backhand_scales;

/** A column. */
typedef struct backhand_column {
    const char *key; /**< in `?sort=` */
    const char *heading;
    const char *title; /**< for a mouse that rests on the heading */
    void (*cell)(const backhand_html *page, const struct backhand_column *column, const backhand_line *line,
                 const backhand_scales *scales);
    int64_t (*value)(const backhand_html *page, const backhand_row *row);    /**< for sorting */
    void (*total)(const backhand_html *page, const backhand_totals *totals); /**< NULL: there is no sum */
} backhand_column;

/** The columns, in their order. */
extern const backhand_column backhand_columns[];
/** How many they are. */
extern const int backhand_columns_count;

/** True if the server's figures are of now. */
int backhand_html_up(const backhand_row *row);

#endif
