/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* Orders by programs in httpd: by name, and with the answer as text. */

#include "candidacy/chain.h"
#include "table/orders.h"

#include "mod_backhand.h"

#include <apr_strings.h>

/* An order to another server is repeated for so long, and the moderator looks each second. */
#define PATIENCE (BACKHAND_ORDER_TIMEOUT + apr_time_from_sec(2))

const char *backhand_steer(const char *order, const char *server, int weight, const char *by)
{
    backhand_table *table = backhand_table_current();
    backhand_order given = {.kind = backhand_order_kind_of(order), .weight = weight};
    backhand_order_result result;
    int id;

    if (backhand_chain_current()) {
        return "functions of a chain give no orders, because they may not wait";
    }
    if (!table) {
        return "there is no table of servers yet";
    }
    if (given.kind == BACKHAND_ORDER_KINDS) {
        return backhand_order_result_text(BACKHAND_ORDER_WRONG);
    }
    id = backhand_order_find(table, server ? server : "0", given.contact);
    if (id < 0) {
        return id == -2 ? "that name fits several servers; name one by its full name, contact or id"
                        : "there is no such server";
    }
    if (backhand_table_silent(table, 0)) {
        return "no moderator runs here that could take an order";
    }
    apr_cpystrn(given.by, by, sizeof(given.by));
    result = backhand_order_wait(table, &given, PATIENCE);
    return result == BACKHAND_ORDER_OBEYED ? NULL : backhand_order_result_text(result);
}
