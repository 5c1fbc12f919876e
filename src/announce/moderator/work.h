/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file work.h
 * @brief What this server says of its own work: read from the meter, several times an interval, and at once when it has
 * no free place any more, or has one again. For the moderator. Core: no httpd.
 */
#ifndef BACKHAND_WORK_H
#define BACKHAND_WORK_H

#include "announce/moderator/offer.h"
#include "load/early.h"

/** The moderator's. All but the first five zero at first. */
typedef struct backhand_working {
    backhand_meter *meter;
    backhand_table *table;        /**< NULL: this server does not look at others */
    apr_interval_time_t interval; /**< between two announcements, us */
    int servers;                  /**< in the farm */
    int keeps_workers;            /**< 1: a request that waits for another server keeps what could serve one here */
    backhand_early early;
    backhand_offer offer;
    apr_time_t read;      /**< when the meter was read last */
    apr_time_t announced; /**< when this server announced itself last */
    int64_t served;       /**< requests that had been served then */
} backhand_working;

/** Reads the meter into `stat`, and looks how this server stands among the others. `waiting`: requests that it waits
 * for at other servers, which count as in flight where each keeps what could serve one here; `stat->nservers` is known.
 * `now`: the meter's clock, everywhere below. */
void backhand_working_measure(backhand_working *working, serverstat *stat, int64_t waiting, apr_time_t now);

/** True when the meter has to be read before the next announcement: a quarter of the interval has passed, and something
 * is new. */
int backhand_working_due(const backhand_working *working, apr_time_t now);

/** True when this server has to announce itself before its time. */
int backhand_working_news(backhand_working *working, apr_time_t now);

/** True when this server has recovered since its meter was read. */
int backhand_working_recovered(const backhand_working *working);

/** What changes from one moment to the next, for an announcement for which the meter is not read. */
void backhand_working_refresh(const backhand_working *working, serverstat *stat, int64_t waiting, apr_time_t now);

/** This server announces itself: `stat` is for the others, and becomes an offer if it makes one. */
void backhand_working_announce(backhand_working *working, serverstat *stat, apr_time_t now);

/** How long it may sleep, at most, us. */
apr_interval_time_t backhand_working_timeout(const backhand_working *working);

#endif
