/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file work.h
 * @brief Decides when the moderator reads the meter, and when this server announces itself early (load/early.h). For
 * the moderator. Core: no httpd.
 */
#ifndef BACKHAND_WORK_H
#define BACKHAND_WORK_H

#include "announce/moderator/offer.h"
#include "load/early.h"

/** State that the moderator keeps. The caller sets the first five members; the rest is zero at first. */
typedef struct backhand_working {
    backhand_meter *meter;
    backhand_table *table;        /**< NULL: this server does not look at others */
    apr_interval_time_t interval; /**< between two announcements, us */
    int servers;                  /**< number of servers in the farm */
    int keeps_workers;            /**< 1: a request that waits for another server occupies a worker here */
    backhand_early early;
    backhand_offer offer;
    apr_time_t read;      /**< when the meter was last read */
    apr_time_t announced; /**< when this server last announced itself */
    int64_t served;       /**< requests served up to the last reading of the meter */
} backhand_working;

/** Reads the meter into `stat`, and compares this server with the others (standing.h). `waiting`: requests of this
 * server that wait for other servers; they count as in flight if each of them occupies a worker. `stat->nservers` must
 * be set. `now`: by the meter's clock, also below. */
void backhand_working_measure(backhand_working *working, serverstat *stat, int64_t waiting, apr_time_t now);

/** True when it is time to read the meter before the next announcement: a quarter of the interval has passed, and
 * something may have changed. */
int backhand_working_due(const backhand_working *working, apr_time_t now);

/** True when this server has to announce itself before its interval has passed. */
int backhand_working_news(backhand_working *working, apr_time_t now);

/** True when this server has recovered since its meter was read. */
int backhand_working_recovered(const backhand_working *working);

/** Updates the figures that change quickly, for an announcement without a reading of the meter. */
void backhand_working_refresh(const backhand_working *working, serverstat *stat, int64_t waiting, apr_time_t now);

/** Prepares `stat` for the other servers, as an offer if it is time for one (offer.h), and notes the announcement. */
void backhand_working_announce(backhand_working *working, serverstat *stat, apr_time_t now);

/** The longest time that the moderator may sleep, us. */
apr_interval_time_t backhand_working_timeout(const backhand_working *working);

#endif
