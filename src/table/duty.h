/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file duty.h
 * @brief Servers that shall get no new requests: those whose application fails the checks of BackhandCheck, and those
 * that an order (orders.h) has drained or put under maintenance. Core: no httpd.
 *
 * Servers on the best duty that some present server has get requests, all others do not. So if all are drained, they
 * get requests as if none were.
 */
#ifndef BACKHAND_TABLE_DUTY_H
#define BACKHAND_TABLE_DUTY_H

#include "table/table.h"

/** From the best to the worst. The first three are the figure `duty`. */
typedef enum backhand_duty {
    BACKHAND_DUTY_NORMAL,      /**< gets requests */
    BACKHAND_DUTY_DRAIN,       /**< gets none from other servers, but those of its sessions; keeps its own clients */
    BACKHAND_DUTY_MAINTENANCE, /**< gets none at all: its clients and sessions go to other servers */
    BACKHAND_DUTY_DOWN         /**< the same, because its application does not work */
} backhand_duty;

/** The duty that an announcement tells. */
backhand_duty backhand_duty_of(const serverstat *stat);

/** True when the server shall get no new request, because of its duty and because another server is on a better one.
 * Slot 0, too; but a drained slot 0 keeps its own clients. Any process. */
int backhand_table_passed_over(const backhand_table *table, int id);

/** True when some server shall get no new request. Any process. */
int backhand_table_any_passed_over(const backhand_table *table);

/** True when the server shall begin no session, but keeps those that it has: it is drained, another one is not. Slot 0,
 * too. Any process. */
int backhand_table_drained(const backhand_table *table, int id);

/** True when the server shall not even get requests of sessions that it owns. Any process. */
int backhand_table_closed(const backhand_table *table, int id);

/** Percent of the server's fair share that an order withholds from it, 0 to 100. Any process. */
int backhand_table_withheld(const backhand_table *table, int id);

/** True when some server shall get no new request, or less than its fair share. Any process. */
int backhand_table_any_restricted(const backhand_table *table);

/** Looks which duty is the best among servers that were heard within SERVER_TIMEOUT and have not left. [moderator]
 * The table does so when a server comes, leaves, or has another duty or weight; time passes besides. */
void backhand_table_look_duty(backhand_table *table);

/** The value of the header by which this server knows its own checks; 0: none. Any process. */
uint64_t backhand_table_check_token(const backhand_table *table);
/** [moderator] */
void backhand_table_set_check_token(backhand_table *table, uint64_t token);

#endif
