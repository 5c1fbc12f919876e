/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file rows.h
 * @brief The content of the status page: a row for each server, and the tallies, read from the table. Core: no httpd.
 */
#ifndef BACKHAND_ROWS_H
#define BACKHAND_ROWS_H

#include "table/outcomes.h"
#include "table/state.h"

/** One server. Spans of time are in us; -1: it never happened. */
typedef struct backhand_row {
    int id;
    backhand_row_state state;
    apr_interval_time_t lasts;   /**< since the state was noticed; -1: not yet */
    int64_t changes;             /**< changes of the state since the entry got its server */
    apr_interval_time_t age;     /**< since it was heard from, as byAge sees it; -1 too when it has left */
    apr_interval_time_t refused; /**< since it was last blamed for a failure; -1: not since it (re)started */
    apr_interval_time_t rival;   /**< since another live server was heard to announce its contact; -1: there is none */
    int64_t sent;    /**< requests that this server handed to it since the entry got it; of entry 0: kept for itself */
    int64_t waiting; /**< of these, those without a complete answer */
    apr_interval_time_t reported; /**< since this server got its figures with a response; -1: never */
    apr_interval_time_t hop;      /**< time that a hand-off to it adds to the time of serving there; -1: not known */
    backhand_outcomes outcomes;   /**< how hand-offs to it ended, since the entry got it */
    backhand_announcement announcement; /**< its announcement. The figures of `stat` are as policies see them now, the
                                           newest of those that it measures */
} backhand_row;

/** Reads entry `id` (0 to backhand_table_used() - 1), each number once. @return 0 when the entry is not used */
int backhand_row_read(backhand_row *row, const backhand_table *table, int id, apr_time_t now);

/** A number about this server itself. Texts are static. */
typedef struct backhand_tally {
    const char *key;   /**< for programs: `Handed-Off`; for a drop reason backhand_drop_name() */
    const char *label; /**< for people: `requests answered by another server` */
    int now;           /**< 1: how many there are now; 0: how many were counted since the table was made */
    int dropped;       /**< counts announcements that were dropped for the reason `key` */
    int64_t value;
} backhand_tally;

/** Room for all tallies. */
#define BACKHAND_TALLIES (19 + BACKHAND_DROP_REASONS)

/** Reads the tallies. @return how many */
int backhand_tallies_read(backhand_tally out[BACKHAND_TALLIES], const backhand_table *table);

#endif
