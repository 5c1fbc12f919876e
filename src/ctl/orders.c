/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* Orders to servers: drain, maintenance, weight, forget. The moderator takes them from the table. */

#include "ctl/commands.h"
#include "ctl/json.h"

#include "base/number.h"
#include "table/orders.h"

#include <apr_strings.h>

#include <pwd.h>
#include <stdio.h>
#include <unistd.h>

/* An order to another server is repeated for so long, and the moderator looks each second. */
#define PATIENCE (BACKHAND_ORDER_TIMEOUT + apr_time_from_sec(2))

static void sign(backhand_order *order)
{
    const struct passwd *user = getpwuid(getuid());

    if (user) {
        apr_snprintf(order->by, sizeof(order->by), "user %s, by backhandctl", user->pw_name);
    }
    else {
        apr_snprintf(order->by, sizeof(order->by), "user %ld, by backhandctl", (long)getuid());
    }
}

static int code_of(backhand_order_result result)
{
    return result == BACKHAND_ORDER_OBEYED ? CTL_OK : result == BACKHAND_ORDER_UNKNOWN ? CTL_UNKNOWN : CTL_FAILED;
}

static int tell(const ctl *command, const backhand_order *order, backhand_order_result result)
{
    const char *text = backhand_order_result_text(result), *word = backhand_order_word(order->kind);
    backhand_out out = ctl_out();
    int first = 1;

    if (command->json) {
        backhand_out_text(&out, "{");
        ctl_json_text(&out, &first, "order", word);
        ctl_json_text(&out, &first, "server", order->contact);
        ctl_json_text(&out, &first, "result", text);
        backhand_out_text(&out, result == BACKHAND_ORDER_OBEYED ? ",\"ok\":true}\n" : ",\"ok\":false}\n");
        return code_of(result);
    }
    if (result != BACKHAND_ORDER_OBEYED) {
        return ctl_fail(code_of(result), "%s %s: %s", word, order->contact, text);
    }
    printf("%s %s: %s\n", word, order->contact, text);
    return CTL_OK;
}

/* Without a name, this server. @return CTL_OK; else the error is written */
static int find_server(const ctl *command, const char *name, backhand_order *order)
{
    int id = backhand_order_find(command->table, name ? name : "0", order->contact);

    if (id >= 0) {
        return CTL_OK;
    }
    return ctl_fail(CTL_UNKNOWN,
                    id == -2 ? "the name %s fits several servers; name one by its full name, contact or id"
                             : "there is no server %s; backhandctl status lists them",
                    ctl_plain(name ? name : "0", command->pool));
}

static int give(ctl *command, backhand_order *order, const char *name)
{
    int code = find_server(command, name, order);

    if (code != CTL_OK) {
        return code;
    }
    if (backhand_table_silent(command->table, 0)) {
        return ctl_fail(CTL_FAILED, "no moderator runs here that could take an order; see backhandctl doctor");
    }
    sign(order);
    return tell(command, order, backhand_order_wait(command->table, order, PATIENCE));
}

static int give_simple(ctl *command, backhand_order_kind kind)
{
    backhand_order order = {.kind = kind};
    return give(command, &order, command->count ? command->arguments[0] : NULL);
}

int ctl_drain(ctl *command)
{
    return give_simple(command, BACKHAND_ORDER_DRAIN);
}

int ctl_undrain(ctl *command)
{
    return give_simple(command, BACKHAND_ORDER_NORMAL);
}

int ctl_maintenance(ctl *command)
{
    return give_simple(command, BACKHAND_ORDER_MAINTENANCE);
}

int ctl_forget(ctl *command)
{
    return give_simple(command, BACKHAND_ORDER_FORGET);
}

int ctl_weight(ctl *command)
{
    backhand_order order = {.kind = BACKHAND_ORDER_WEIGHT};
    int64_t weight;

    if (!backhand_number_read(&weight, command->arguments[0], 0, 100)) {
        return ctl_fail(CTL_USAGE, "weight takes a percentage from 0 to 100, and after it a server");
    }
    order.weight = (int)weight;
    return give(command, &order, command->count > 1 ? command->arguments[1] : NULL);
}
