/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file down.h
 * @brief Servers whose application fails the checks of BackhandCheck: they get no requests, as long as another server
 * is up. Core: no httpd.
 */
#ifndef BACKHAND_TABLE_DOWN_H
#define BACKHAND_TABLE_DOWN_H

#include "table/table.h"

/** True when the server is down and another one is up: it shall get no request. Slot 0, too. Any process. */
int backhand_table_down(const backhand_table *table, int id);

/** True when some server shall get no request. Any process. */
int backhand_table_any_down(const backhand_table *table);

/** Looks whether some server is up: one that was heard within SERVER_TIMEOUT, has not left and is not down. [moderator]
 * The table does so when a server comes, leaves, goes down or comes up; time passes besides. */
void backhand_table_look_down(backhand_table *table);

/** The value of the header by which this server knows its own checks; 0: none. Any process. */
uint64_t backhand_table_check_token(const backhand_table *table);
/** [moderator] */
void backhand_table_set_check_token(backhand_table *table, uint64_t token);

#endif
