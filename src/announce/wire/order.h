/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file order.h
 * @brief Orders as numbers, the key `do` of an announcement. Core: no httpd.
 */
#ifndef BACKHAND_WIRE_ORDER_H
#define BACKHAND_WIRE_ORDER_H

#include "table/orders.h"

/** The largest number that a reader takes. It may not know what it means. */
#define BACKHAND_ORDER_NUMBER_MAX 999

/** The number of an order: 1 normal, 2 drain, 3 maintenance, 100 to 200 weight, less 100. 0: it is not sent. */
int backhand_order_write(backhand_order_kind kind, int weight);

/** Reads such a number. @return 1; 0: this release knows no such order */
int backhand_order_read(int64_t number, backhand_order_kind *kind, int *weight);

#endif
