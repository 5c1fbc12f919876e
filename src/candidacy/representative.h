/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file representative.h
 * @brief Which servers of a zone announce themselves to the other zones (BackhandZoneSummary). Core: no httpd.
 *
 * Each server decides for itself, from its own table. A server of the zone is *able* if it is live, not drained, not
 * under maintenance and not down. Able servers are ranked by the time that a request is expected to take there, where
 * times within a factor of two count as equal, and then by contact. So servers whose tables differ a little decide
 * alike.
 *
 * A representative stays one until it is no longer able, or until a request takes at least twice as long there as
 * at the `most`-th best server. Of too many representatives those with the greatest contacts go. Vacant places go to
 * the best of the others.
 */
#ifndef BACKHAND_REPRESENTATIVE_H
#define BACKHAND_REPRESENTATIVE_H

#include "table/table.h"

/** The most representatives that BackhandZoneSummary may ask for. */
#define BACKHAND_REPRESENTATIVES_MAX 16

/** A server's zone, as its own table shows it. */
typedef struct backhand_zone_look {
    int chosen;      /**< 1: this server shall be a representative */
    int64_t servers; /**< able servers of the zone, this one among them if it is able */
    int64_t ready;   /**< their ready workers, as announced */
    int64_t busy;    /**< their other running workers */
} backhand_zone_look;

/**
 * Looks at all servers of this server's zone. Without a zone nothing is chosen, and all sums are 0. For the
 * moderator. Looks at each server twice: with 2,000 servers 0.16 us for each were measured on a busy machine.
 * @param most   representatives that the zone shall have, 1 to BACKHAND_REPRESENTATIVES_MAX
 * @param holds  1: this server is one now. Of the others the table says it
 */
void backhand_representative_look(backhand_zone_look *out, const backhand_table *table, int most, int holds);

#endif
