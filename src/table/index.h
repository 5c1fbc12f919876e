/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file index.h
 * @brief Finds slots by contact: a hash beside the table, in the memory of the process that writes announcements.
 *
 * It notices by the table's generation that slots have changed, and is then made anew. For this room only.
 */
#ifndef BACKHAND_INDEX_H
#define BACKHAND_INDEX_H

#include "table/table.h"

backhand_index *backhand_index_create(int max_servers, apr_pool_t *p);

/** The slot with this contact, slot 0 before others; -1: none. [moderator] */
int backhand_index_find(const backhand_table *table, const backhand_contact *contact);

/** Slot `id`, which had no server before, has got one, and the table's generation was `before` then: an index that was
 * right by then is right again. [moderator] */
void backhand_index_add(const backhand_table *table, int id, uint64_t before);

/** Tells the index that a slot's contact has changed. [moderator] */
void backhand_index_forget(backhand_index *index);

#endif
