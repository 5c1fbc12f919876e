/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file state.h
 * @brief The state of each server as people see it: alive, dead, left, down, drained or under maintenance; since when,
 * and how often it changed. Core: no httpd.
 *
 * The moderator notices changes: at once when an announcement brings one, and within an announcement interval when a
 * server is dead because it is silent.
 */
#ifndef BACKHAND_TABLE_STATE_H
#define BACKHAND_TABLE_STATE_H

#include "table/table.h"

typedef enum backhand_row_state {
    BACKHAND_ROW_ALIVE,       /**< heard from within SERVER_TIMEOUT */
    BACKHAND_ROW_DEAD,        /**< silent for longer, and for 3 of its own intervals */
    BACKHAND_ROW_LEFT,        /**< announced that it leaves */
    BACKHAND_ROW_DOWN,        /**< announced that its application fails its checks */
    BACKHAND_ROW_DRAINED,     /**< an order has drained it; see orders.h */
    BACKHAND_ROW_MAINTENANCE, /**< an order has put it under maintenance */
    BACKHAND_ROW_STATES
} backhand_row_state;

/** `alive`, `dead`, `left`, `down`, `drained` or `maintenance`. */
const char *backhand_row_state_name(backhand_row_state state);

/** The state of a used slot now. Any process. */
backhand_row_state backhand_table_row_state(const backhand_table *table, int id);

/** When the moderator noticed the last change, us by backhand_table_now(): also when the slot got its server. 0: never.
 * Any process. */
apr_time_t backhand_table_state_since(const backhand_table *table, int id);

/** Changes noticed since the slot got its server. Any process. */
int64_t backhand_table_state_changes(const backhand_table *table, int id);

/** True when the slot has had another server or another contact than that of `generation` for longer than 3 of its
 * server's intervals. The contact of `generation` then is not announced any more. A slot whose server was forgotten has
 * none. Any process. */
int backhand_table_replaced(const backhand_table *table, int id, uint64_t generation);

/** Notes that this machine has other addresses than before. [moderator] */
void backhand_table_note_moved(backhand_table *table);

/** When the moderator noticed that this machine has other addresses than before, by backhand_table_now(); 0: never.
 * Connections that were opened earlier may lead nowhere: the kernel does not end them. Any process. */
apr_time_t backhand_table_moved(const backhand_table *table);

/** Notices the changes of all slots. [moderator] */
void backhand_table_look_states(backhand_table *table);

#endif
