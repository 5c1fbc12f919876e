/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file trouble.h
 * @brief The latest trouble of each kind, as the moderator and the children see it.
 *
 * Some kinds last until they end; others are events, which a reader judges by their age. Each kind is one place in the
 * table's memory, written at most 10 times a second. Core: no httpd.
 */
#ifndef BACKHAND_TABLE_TROUBLE_H
#define BACKHAND_TABLE_TROUBLE_H

#include "table/table.h"

/**
 * Notes a trouble. Texts that are too long are cut off. A call within 100 ms of another one for the same kind changes
 * nothing, unless the trouble has ended in between. Any process, any thread.
 * @param who   address of the sender; "": none
 * @param what  what is wrong, as part of a sentence; may be ""
 */
void backhand_trouble_note(backhand_table *table, backhand_trouble_kind kind, const char *who, const char *what);

/** The trouble has ended. [moderator] */
void backhand_trouble_end(backhand_table *table, backhand_trouble_kind kind);

/** Ends all. By the moderator when it starts: the configuration may be another one. */
void backhand_trouble_end_all(backhand_table *table);

/** Reads the latest one. @return 0 when there is none, or it is just being written */
int backhand_trouble_read(backhand_trouble *out, const backhand_table *table, backhand_trouble_kind kind);

#endif
