/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "announce/wire/order.h"

#define NORMAL      1
#define DRAIN       2
#define MAINTENANCE 3
#define WEIGHT      100

int backhand_order_write(backhand_order_kind kind, int weight)
{
    switch (kind) {
    case BACKHAND_ORDER_NORMAL:
        return NORMAL;
    case BACKHAND_ORDER_DRAIN:
        return DRAIN;
    case BACKHAND_ORDER_MAINTENANCE:
        return MAINTENANCE;
    case BACKHAND_ORDER_WEIGHT:
        return WEIGHT + weight;
    default:
        return 0;
    }
}

int backhand_order_read(int64_t number, backhand_order_kind *kind, int *weight)
{
    *weight = 0;
    if (number >= WEIGHT && number <= WEIGHT + 100) {
        *kind = BACKHAND_ORDER_WEIGHT;
        *weight = (int)number - WEIGHT;
        return 1;
    }
    *kind = number == NORMAL  ? BACKHAND_ORDER_NORMAL
            : number == DRAIN ? BACKHAND_ORDER_DRAIN
                              : BACKHAND_ORDER_MAINTENANCE;
    return number >= NORMAL && number <= MAINTENANCE;
}
