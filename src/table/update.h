/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file update.h
 * @brief Writes announcements into the table. Only the moderator calls these functions, unless they say otherwise.
 */
#ifndef BACKHAND_UPDATE_H
#define BACKHAND_UPDATE_H

#include "table/table.h"

/** What an announcement changed. All but `drop` and `id` say nothing when it was dropped. */
typedef struct backhand_update {
    backhand_drop drop; /**< why it was dropped; BACKHAND_DROP_NONE: it was not */
    int id;             /**< the slot that it is in; -1: in none */
    int joined;         /**< 1: its server is new in the table, or back after it left or fell silent */
    int restarted;      /**< 1: its server was there, with another boot */
    int left;           /**< 1: its server leaves, and had not said so before */
    int out;            /**< 1: its server is of another zone and no representative, so no slot has it */
    int64_t raised;     /**< its load_hwm, when that is larger than in the announcement before; else 0 */
    char rival[BACKHAND_HOSTNAME_SIZE]; /**< name of another live server with the same contact; empty: there is none */
    char moved[BACKHAND_CONTACT_SIZE];  /**< the contact that its server had before; empty: the same one */
} backhand_update;

/**
 * Puts another server's announcement into the table. Finds its slot by contact, else a free slot. If the table is
 * full, it takes the slot of the server that has been silent for longest, if that is more than SERVER_TIMEOUT and,
 * unless that server left, more than 3 of its intervals. Slot 0 is never given away.
 *
 * An announcement with `leaving` sets `left` and mtime 0; a later one brings the server back. Another boot with the
 * contact of a known server takes its place. A stock heartbeat (boot 0) has no sequence: it is always newer, but never
 * takes the place of a server that announces itself in full and is not silent.
 *
 * A server that announces another contact than before, with the same boot and hostname, has moved: it keeps its slot,
 * which gets a new generation, and the table no longer has its old contact. A server of another slot with the new
 * contact is forgotten. An announcement with the old contact that arrives late changes nothing.
 *
 * A server of another zone than this server's that announces BACKHAND_FAR_OUT is forgotten, if it was there.
 *
 * Own announcements must be sorted out before by their boot id. Another boot with the contact of slot 0 changes
 * nothing but the slot's rival (see backhand_table_rival()).
 *
 * @param voucher  kept with it; NULL: what was kept stays
 * @return `drop` is BACKHAND_DROP_NONE; _FULL; or _OLD: same boot and not a newer sequence, a late announcement of an
 *         earlier boot or contact, leaving of a server that is not there, a stock heartbeat beside full announcements
 */
backhand_update backhand_table_update(backhand_table *table, const backhand_announcement *announcement,
                                      const backhand_voucher *voucher);

/** Copies what was kept with the last announcement of a slot. Called by the moderator, or by the parent while there is
 * none. */
void backhand_table_voucher(const backhand_table *table, int id, backhand_voucher *out);

/** Puts what this server measured of its own work into the live view of slot 0, earlier than it announces that:
 * decisions here, and responses to other servers, go by the live view. */
void backhand_table_measured(backhand_table *table, const backhand_work *work);

/** Sets slot 0: this server as it will announce itself; `leaving` does not make slot 0 left. Another slot that has the
 * same contact (of a server that had it before) counts as left from then on. */
void backhand_table_set_self(backhand_table *table, const backhand_announcement *self);

/**
 * Forgets the server of a slot other than 0, as if it had never been heard. The slot becomes free. Requests of any
 * process that have chosen it and were not sent yet see that it has changed; requests under way end as usual. Called
 * by the moderator, or by the parent while there is none.
 */
void backhand_table_forget(backhand_table *table, int id);

#endif
