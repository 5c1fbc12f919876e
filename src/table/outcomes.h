/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file outcomes.h
 * @brief Counts how decisions and hand-offs of this server ended, and how long they took. Core: no httpd. Any process,
 * any thread.
 */
#ifndef BACKHAND_TABLE_OUTCOMES_H
#define BACKHAND_TABLE_OUTCOMES_H

#include "table/table.h"

/** The name of an outcome, as `timed-out`. */
const char *backhand_outcome_name(backhand_outcome outcome);

/**
 * A try at the server in slot `id` ended. Does nothing when the slot got another server since `generation`; if it gets
 * one at this very moment, the try may count for that one.
 * @param retried  1: another server, or this one, can have the request
 * @param usec     time from asking to the end of the response; -1: not to be counted
 */
void backhand_table_tried(backhand_table *table, int id, uint64_t generation, backhand_outcome outcome, int retried,
                          apr_interval_time_t usec);

/** Copies what a slot counts. */
void backhand_table_outcomes(const backhand_table *table, int id, backhand_outcomes *out);

/**
 * A decision ended.
 * @param reason  a backhand_reason, less than BACKHAND_REASONS_MAX
 * @param usec    time that the chain took; -1: no chain ran
 */
void backhand_table_decided(backhand_table *table, int reason, apr_interval_time_t usec);

/** Decisions that ended for that reason. */
int64_t backhand_table_decisions(const backhand_table *table, int reason);

/** This server has served a request that a chain kept here, or that another server handed here, in `usec`. */
void backhand_table_served(backhand_table *table, apr_interval_time_t usec);

/** Copies the times of all decisions, by backhand_decision_bounds. */
void backhand_table_decision_times(const backhand_table *table, backhand_histogram *out);

/** Copies the times of all requests of backhand_table_served(), by backhand_request_bounds. */
void backhand_table_served_times(const backhand_table *table, backhand_histogram *out);

#endif
