/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file skewed.h
 * @brief Servers of the farm that are not believed because their clock differs too much from this server's.
 *
 * They are for the status page. They are in the table's memory; only the moderator writes it, every process reads it.
 * Core: no httpd.
 */
#ifndef BACKHAND_SKEWED_H
#define BACKHAND_SKEWED_H

#include "table/table.h"

/** Notes a server whose signature is right and whose time is not. Ignores a server that is also heard with the right
 * time: then somebody repeats its old announcements. [moderator] */
void backhand_skewed_note(backhand_table *table, const backhand_announcement *announcement, int64_t ahead);

/** Forgets the server with that contact: its announcement was accepted. [moderator] */
void backhand_skewed_forget(backhand_table *table, const char *contact);

/** Forgets all. By the parent while there is no moderator. */
void backhand_skewed_clear(backhand_table *table);

/** Reads one, 0 to BACKHAND_SKEWED - 1. @return 0 when there is none, or it was not heard within SERVER_TIMEOUT */
int backhand_skewed_read(backhand_skewed *out, const backhand_table *table, int i);

/** True if some servers are skewed and no other server is heard: then probably this server's clock is wrong. */
int backhand_skewed_self(const backhand_table *table);

#endif
