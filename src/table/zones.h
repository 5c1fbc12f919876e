/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file zones.h
 * @brief The other zones, as their representatives announce them (BackhandZoneSummary). Core: no httpd.
 */
#ifndef BACKHAND_TABLE_ZONES_H
#define BACKHAND_TABLE_ZONES_H

#include "table/table.h"

/** The most zones that backhand_zones_read() tells of. */
#define BACKHAND_ZONES_MAX 256

/** A zone of which the table has a live representative. */
typedef struct backhand_zone_sum {
    char zone[BACKHAND_ZONE_SIZE];
    int64_t representatives; /**< live ones in the table */
    int64_t servers;         /**< as the one that was heard last says, as the next two: servers that take requests */
    int64_t ready;           /**< their ready workers */
    int64_t busy;            /**< their other running workers */
    int64_t heard;           /**< when that one was heard, us by backhand_table_now() */
} backhand_zone_sum;

/** Sums up the zones with live representatives, this server's own not counted, in the order of the table. Any process,
 * any thread. @return how many there are, at most BACKHAND_ZONES_MAX */
int backhand_zones_read(backhand_zone_sum out[BACKHAND_ZONES_MAX], const backhand_table *table);

/** Forgets representatives of other zones that have been silent for SERVER_TIMEOUT, while another one of the same zone
 * is live: the servers of that zone take care of a server that is lost. [moderator] */
void backhand_zones_tidy(backhand_table *table);

#endif
