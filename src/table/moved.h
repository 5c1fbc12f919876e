/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file moved.h
 * @brief Finds the slot of a server that now announces another contact: its address has changed while it runs.
 *
 * A boot id is a random number of 64 bits, so two slots with one boot and one hostname have the same server. A server
 * has one contact: its newest announcement says which. Only for update.c, in the moderator.
 */
#ifndef BACKHAND_MOVED_H
#define BACKHAND_MOVED_H

#include "table/table.h"

/**
 * Finds the slot, other than 0, in which the sender of `announcement` stands with another contact.
 * @param id  the slot of the contact that it announces; -1: none
 * @return the slot; -1: there is none
 */
int backhand_moved_find(const backhand_table *table, const backhand_announcement *announcement, int id);

/** True if the announcement was sent before the last one of slot `from`, so that the contact in it is out of date. */
int backhand_moved_late(const backhand_table *table, const backhand_announcement *announcement, int from);

#endif
