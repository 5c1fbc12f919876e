/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file servers.h
 * @brief The servers as lines of text, for `status` and `top`.
 */
#ifndef BACKHAND_CTL_SERVERS_H
#define BACKHAND_CTL_SERVERS_H

#include "ctl/ctl.h"
#include "status/rows.h"

/** By what the lines are sorted. */
typedef enum ctl_order {
    CTL_BY_ID,
    CTL_BY_NAME,
    CTL_BY_STATE,    /**< those that are not alive first */
    CTL_BY_INFLIGHT, /**< most first, as all that follow */
    CTL_BY_LOAD,
    CTL_BY_TYPICAL,
    CTL_BY_SENT,
    CTL_ORDERS
} ctl_order;

/** The order's name, as in `in flight`. */
const char *ctl_order_name(ctl_order order);

/** The used rows of the table, sorted. @return an array of backhand_row */
apr_array_header_t *ctl_rows(const backhand_table *table, ctl_order order, apr_pool_t *p);

/** A line that names the columns. */
const char *ctl_heading(apr_pool_t *p);

/** One row as a line under that heading. */
const char *ctl_row_line(const backhand_row *row, apr_pool_t *p);

/** This server, and how many servers are in which state. */
const char *ctl_summary(const backhand_table *table, const apr_array_header_t *rows, apr_pool_t *p);

/** The counts of this server, in lines, and what somebody should look at. */
const char *ctl_counts(const backhand_table *table, apr_pool_t *p);

#endif
