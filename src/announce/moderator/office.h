/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file office.h
 * @brief Whether this server is a representative of its zone (BackhandZoneSummary), over time. Core: no httpd. Only for
 * the moderator.
 *
 * A server becomes a representative only after a vacancy has lasted: at its start it does not know its zone yet. It
 * ceases to be one at once. Other zones hear of that several times, as a message may be lost. They hear it after each
 * new connection to a broker, too: an earlier life of this server may have been a representative, or may have announced
 * itself to all.
 */
#ifndef BACKHAND_OFFICE_H
#define BACKHAND_OFFICE_H

#include "candidacy/representative.h"

typedef struct backhand_office {
    int most;                 /**< representatives of the zone; 0: no BackhandZoneSummary, nothing happens here */
    apr_interval_time_t wait; /**< us that a vacancy must last */
    apr_time_t vacant;        /**< since when this server could become one, by the table's clock; 0: it cannot */
    int farewells;            /**< announcements that still tell other zones that this server is none */
} backhand_office;

/** @param most  of BackhandZoneSummary @param interval  us between two announcements */
void backhand_office_init(backhand_office *office, int most, apr_interval_time_t interval);

/** After a new connection to a broker. */
void backhand_office_connected(backhand_office *office);

/** Decides by the table, and sets `far` and the sums of the zone in this server's announcement. */
void backhand_office_look(backhand_office *office, backhand_announcement *self, const backhand_table *table);

/** Call it once for each announcement. @return 1: it shall tell other zones that this server is no representative. That
 * is so while it gives an order, too: the server that shall obey may be in another zone */
int backhand_office_says_out(backhand_office *office, const backhand_announcement *self);

#endif
