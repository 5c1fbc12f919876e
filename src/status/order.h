/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file order.h
 * @brief The order of the servers on the status page. Core: no httpd.
 */
#ifndef BACKHAND_STATUS_ORDER_H
#define BACKHAND_STATUS_ORDER_H

#include "status/rows.h"

/** A server's place on the page. */
typedef struct backhand_place {
    const backhand_row *row;
    int64_t value; /**< what the page is sorted by; 0 at first */
} backhand_place;

/** A server that has left for so long, or is dead for so long, is gone: people no longer look for it. */
#define BACKHAND_GONE_LEFT apr_time_from_sec(600)
#define BACKHAND_GONE_DEAD apr_time_from_sec(86400)

/**
 * Reads the rows of all entries in use, by backhand_table_now().
 * @param gone  of these, the servers that are gone: they stand behind the others
 * @return how many others there are; the rows are in the pool
 */
int backhand_places_read(backhand_place **places, int *gone, const backhand_table *table, apr_pool_t *p);

/**
 * Sorts the places. All servers of a farm show the same order, because an entry's number plays no part in it.
 * @param direction  1: the smallest `value` first; -1: the largest first. Servers of one value, and with 0 all servers,
 *                   stand by name, and those of one name by contact
 */
void backhand_places_sort(backhand_place *places, int n, int direction);

/** Compares names as people do: www2 is before www10. @return as strcmp() */
int backhand_name_compare(const char *a, const char *b);

#endif
