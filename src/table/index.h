/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file index.h
 * @brief Finds slots by contact: a hash beside the table, in the memory of the process that writes announcements.
 *
 * If the table's generation shows that slots have changed, the hash is made anew. Only for the files of this folder.
 */
#ifndef BACKHAND_INDEX_H
#define BACKHAND_INDEX_H

#include "table/inside.h"

backhand_index *backhand_index_create(int max_servers, apr_pool_t *p);

/** The slot with this contact, slot 0 before others; -1: none. [moderator] */
int backhand_index_find(const backhand_table *table, const backhand_contact *contact);

/** Notes that slot `id`, which had no server, has got one when the table's generation was `before`. An index that was
 * right then is right again. [moderator] */
void backhand_index_add(const backhand_table *table, int id, uint64_t before);

/** Tells the index that a slot's contact has changed. [moderator] */
void backhand_index_forget(backhand_index *index);

#endif
