/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* Gives an order to a running server, and prints what became of it.
 *
 *     order UNIXSOCKETDIR drain|maintenance|normal|weight|forget CONTACT [WEIGHT]
 */

#include "table/attach.h"
#include "table/orders.h"

#include <apr_general.h>
#include <apr_strings.h>

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    backhand_order order = {.by = "a test"};
    backhand_order_result result;
    backhand_table *table;
    const char *wrong;
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    if (argc < 4 || backhand_table_attach(&table, argv[1], 1, &wrong, pool) != APR_SUCCESS) {
        fprintf(stderr, "order: %s\n", argc < 4 ? "too few words" : wrong);
        return 2;
    }
    order.kind = backhand_order_kind_of(argv[2]);
    order.weight = argc > 4 ? atoi(argv[4]) : 0;
    apr_cpystrn(order.contact, argv[3], sizeof(order.contact));
    result = backhand_order_wait(table, &order, apr_time_from_sec(60));
    puts(backhand_order_result_text(result));
    return result != BACKHAND_ORDER_OBEYED;
}
