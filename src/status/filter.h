/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file filter.h
 * @brief Which servers the status page shows: by a part of the name, by zone and by state. Core: no httpd.
 */
#ifndef BACKHAND_STATUS_FILTER_H
#define BACKHAND_STATUS_FILTER_H

#include "status/rows.h"

/** A name to look for has fewer bytes than this; the rest of a longer one does not count. */
#define BACKHAND_FILTER_NAME 128
/** The same for a zone. */
#define BACKHAND_FILTER_ZONE 64
/** The word for servers in trouble, among the states. */
#define BACKHAND_FILTER_TROUBLE "trouble"

/** All zero: every server. */
typedef struct backhand_filter {
    char name[BACKHAND_FILTER_NAME]; /**< a part of the host name or of the contact; "": any */
    char zone[BACKHAND_FILTER_ZONE]; /**< the zone, whole; "": any */
    int by_state;                    /**< 1: only servers in the states below */
    int trouble;                     /**< 1: servers in trouble, whatever their state */
    int state[BACKHAND_ROW_STATES];  /**< 1: servers in this state */
} backhand_filter;

/** Sets the filter.
 * @param name    NULL or "": any
 * @param zone    NULL or "": any
 * @param states  names of states and `trouble`, joined by commas; NULL or "": any. A word that is no state finds none
 */
void backhand_filter_set(backhand_filter *filter, const char *name, const char *zone, const char *states);

/** True if the filter leaves out some servers. */
int backhand_filter_is_set(const backhand_filter *filter);

/** True for a server that the filter lets pass. The case of letters in names does not count. */
int backhand_filter_passes(const backhand_filter *filter, const backhand_row *row);

/** From here on a server is in trouble. */
#define BACKHAND_ROW_TROUBLED 2

/**
 * How much a server needs somebody to look at it: 3: it is dead or down; 2: it is stalled, has no ready worker, failed
 * within the last minute, or shares its contact with another server; 1: it left, or an order took its requests away;
 * 0: it is well.
 */
int backhand_row_trouble(const backhand_row *row);

#endif
