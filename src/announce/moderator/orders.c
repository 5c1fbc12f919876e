/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "announce/moderator/orders.h"

#include "announce/wire/order.h"
#include "base/throttle.h"
#include "table/clock.h"
#include "table/duty.h"
#include "table/update.h"

#include <http_log.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include <stdio.h>

APLOG_USE_MODULE(backhand);

/* How often an order is announced when BackhandInterval is longer. */
#define REPEAT apr_time_from_msec(500)
/* How often the log says that an order is not known. */
#define COMPLAINT_PERIOD apr_time_from_sec(60)

/* --- this server ------------------------------------------------------------------------------------------- */

static void announce(backhand_orders *orders)
{
    orders->self->announcement.stat.duty = orders->own.duty;
    orders->self->announcement.stat.withheld = orders->own.withheld;
}

static const char *state_of(const backhand_own_duty *own)
{
    return own->duty == BACKHAND_DUTY_DRAIN         ? "drained: it gets no new requests of other servers"
           : own->duty == BACKHAND_DUTY_MAINTENANCE ? "under maintenance: other servers get its clients' requests"
                                                    : "on normal duty";
}

static void keep(backhand_orders *orders)
{
    char text[BACKHAND_JOURNAL_TEXT];
    apr_status_t rv = backhand_own_duty_write(&orders->own);

    snprintf(text, sizeof(text), "cannot write %s; after a restart this server forgets the orders that it got",
             orders->own.path);
    backhand_journal_state(orders->self->journal, BACKHAND_TROUBLE_DUTY, rv, text);
}

static void obey(backhand_orders *orders, backhand_order_kind kind, int weight, const char *by)
{
    if (!backhand_own_duty_obey(&orders->own, kind, weight)) {
        return;
    }
    announce(orders);
    orders->news = 1;
    ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, orders->self->journal->s,
                 "backhand: this server is %s, with a weight of %d percent, by order of %s", state_of(&orders->own),
                 100 - (int)orders->own.withheld, by);
    keep(orders);
}

/* @return 1: an order of that boot with this number or a later one was obeyed */
static int was_obeyed(backhand_orders *orders, uint64_t boot, int64_t number)
{
    int at = 0;

    while (at < BACKHAND_ORDERS_OBEYED && orders->obeyed[at].boot != boot) {
        at++;
    }
    if (at == BACKHAND_ORDERS_OBEYED) {
        at = orders->last = (orders->last + 1) % BACKHAND_ORDERS_OBEYED;
        orders->obeyed[at].boot = boot;
        orders->obeyed[at].number = 0;
    }
    if (number <= orders->obeyed[at].number) {
        return 1;
    }
    orders->obeyed[at].number = number;
    return 0;
}

void backhand_orders_hear(void *ctx, const backhand_announcement *from)
{
    backhand_orders *orders = ctx;
    backhand_order_kind kind;
    int weight;
    char by[BACKHAND_HOSTNAME_SIZE + BACKHAND_CONTACT_SIZE + sizeof(" at ")];

    if (strcmp(from->order_to, orders->self->announcement.stat.contact) != 0 ||
        was_obeyed(orders, from->boot, from->order)) {
        return;
    }
    snprintf(by, sizeof(by), "%s at %s", from->stat.hostname, from->stat.contact);
    if (!backhand_order_read(from->order_do, &kind, &weight)) {
        int level = backhand_throttle(&orders->complained, backhand_clock_now(), COMPLAINT_PERIOD) ? APLOG_WARNING
                                                                                                   : APLOG_DEBUG;
        ap_log_error(APLOG_MARK, level, 0, orders->self->journal->s,
                     "backhand: order of %s ignored: this release knows no order %d; run the same release on both", by,
                     (int)from->order_do);
        return;
    }
    obey(orders, kind, weight, by);
}

/* --- other servers ----------------------------------------------------------------------------------------- */

/* @return the entry of the live server with that contact; -1: none */
static int find(const backhand_orders *orders, const backhand_order *order)
{
    char contact[BACKHAND_CONTACT_SIZE];
    int id;

    if (strcmp(order->contact, orders->self->announcement.stat.contact) == 0) {
        return 0;
    }
    id = strncmp(order->contact, "http", 4) == 0 ? backhand_order_find(orders->self->table, order->contact, contact)
                                                 : -1;
    if (id == 0 || (id > 0 && order->kind != BACKHAND_ORDER_FORGET && !backhand_table_live(orders->self->table, id))) {
        return -1;
    }
    return id;
}

static backhand_order_result pass_on(backhand_orders *orders, const backhand_order *order, uint64_t ticket)
{
    int64_t number = apr_time_as_msec(apr_time_now());

    for (int i = 0; i < BACKHAND_ORDER_PLACES; i++) {
        backhand_order_sent *sent = &orders->sent[i];
        if (sent->ticket == 0) {
            orders->numbered = number > orders->numbered ? number : orders->numbered + 1;
            *sent =
                (backhand_order_sent){ticket, *order, orders->numbered, backhand_clock_now() + BACKHAND_ORDER_TIMEOUT};
            orders->next = i;
            orders->news = 1;
            return BACKHAND_ORDER_PENDING;
        }
    }
    return BACKHAND_ORDER_FULL;
}

static backhand_order_result forget(const backhand_orders *orders, const backhand_order *order, int id)
{
    backhand_table_forget(orders->self->table, id);
    backhand_table_look_duty(orders->self->table);
    ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, orders->self->journal->s,
                 "backhand: server %s is forgotten until it is heard again, by order of %s", order->contact, order->by);
    return BACKHAND_ORDER_OBEYED;
}

static backhand_order_result take(backhand_orders *orders, const backhand_order *order, uint64_t ticket)
{
    int id = find(orders, order);

    if (order->kind >= BACKHAND_ORDER_KINDS || (order->kind == BACKHAND_ORDER_WEIGHT && order->weight < 0) ||
        (order->kind == BACKHAND_ORDER_FORGET && id == 0)) {
        return BACKHAND_ORDER_WRONG;
    }
    if (id < 0) {
        return BACKHAND_ORDER_UNKNOWN;
    }
    if (order->kind == BACKHAND_ORDER_FORGET) {
        return forget(orders, order, id);
    }
    if (id == 0) {
        obey(orders, order->kind, order->weight, order->by);
        return BACKHAND_ORDER_OBEYED;
    }
    return orders->self->conf->keys ? pass_on(orders, order, ticket) : BACKHAND_ORDER_NO_SECRET;
}

/* Only the log shows it, and it must stay on its line. */
static void clean(char *by)
{
    for (; *by; by++) {
        *by = apr_isprint(*by) ? *by : '?';
    }
}

static void look_into_mailbox(backhand_orders *orders)
{
    backhand_table *table = orders->self->table;
    backhand_order order;
    uint64_t ticket;

    backhand_order_sweep(table, 0);
    while ((ticket = backhand_order_take(table, &order)) != 0) {
        backhand_order_result result;
        clean(order.by);
        result = take(orders, &order, ticket);
        if (result != BACKHAND_ORDER_PENDING) {
            backhand_order_answer(table, ticket, result);
        }
    }
}

static int is_obeyed(const backhand_orders *orders, const backhand_order *order)
{
    const backhand_table *table = orders->self->table;
    int id = find(orders, order);
    int64_t duty, withheld;
    backhand_own_duty own;

    if (id <= 0) {
        return 0;
    }
    duty = BACKHAND_TABLE_ANNOUNCED(table, id, stat.duty);
    withheld = BACKHAND_TABLE_ANNOUNCED(table, id, stat.withheld);
    own = (backhand_own_duty){.duty = duty, .withheld = withheld};
    return !backhand_own_duty_obey(&own, order->kind, order->weight);
}

static void look_at_sent(backhand_orders *orders)
{
    apr_time_t now = backhand_clock_now();

    for (int i = 0; i < BACKHAND_ORDER_PLACES; i++) {
        backhand_order_sent *sent = &orders->sent[i];
        int obeyed = sent->ticket && is_obeyed(orders, &sent->order);
        if (!sent->ticket || (!obeyed && now < sent->until)) {
            continue;
        }
        if (obeyed) {
            ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, orders->self->journal->s,
                         "backhand: server %s obeys the order \"%s\" of %s", sent->order.contact,
                         backhand_order_word(sent->order.kind), sent->order.by);
        }
        else {
            ap_log_error(APLOG_MARK, APLOG_WARNING, 0, orders->self->journal->s,
                         "backhand: server %s has not obeyed the order \"%s\" of %s within %d s; see whether it hears "
                         "this server, has the same keys, and is of this release",
                         sent->order.contact, backhand_order_word(sent->order.kind), sent->order.by,
                         (int)apr_time_sec(BACKHAND_ORDER_TIMEOUT));
        }
        backhand_order_answer(orders->self->table, sent->ticket,
                              obeyed ? BACKHAND_ORDER_OBEYED : BACKHAND_ORDER_UNANSWERED);
        sent->ticket = 0;
    }
}

/* Puts the next order that waits into the announcement; none: takes it out. @return 1: it is due */
static int put_next(backhand_orders *orders)
{
    backhand_announcement *out = &orders->self->announcement;
    apr_time_t now = backhand_clock_now();

    out->order = 0;
    for (int i = 0; i < BACKHAND_ORDER_PLACES; i++) {
        int at = (orders->next + i) % BACKHAND_ORDER_PLACES;
        const backhand_order_sent *sent = &orders->sent[at];
        if (!sent->ticket) {
            continue;
        }
        out->order = sent->number;
        out->order_do = backhand_order_write(sent->order.kind, sent->order.weight);
        apr_cpystrn(out->order_to, sent->order.contact, sizeof(out->order_to));
        if (orders->news || now - orders->repeated >= REPEAT) {
            orders->repeated = now;
            orders->next = at + 1;
            return 1;
        }
        return 0;
    }
    return 0;
}

int backhand_orders_look(backhand_orders *orders)
{
    int due;

    look_into_mailbox(orders);
    look_at_sent(orders);
    due = put_next(orders) || orders->news;
    orders->news = 0;
    return due;
}

void backhand_orders_open(backhand_orders *orders, backhand_self *self, apr_pool_t *p)
{
    const char *path = apr_pstrcat(p, self->conf->dir, "/" BACKHAND_OWN_DUTY_FILE, NULL), *wrong;

    orders->self = self;
    wrong = backhand_own_duty_read(&orders->own, path);
    if (wrong) {
        backhand_journal_ignored(self->journal, path, wrong);
    }
    else if (orders->own.duty || orders->own.withheld) {
        ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, self->journal->s,
                     "backhand: this server is %s, with a weight of %d percent, by an order before its start",
                     state_of(&orders->own), 100 - (int)orders->own.withheld);
    }
    announce(orders);
    backhand_order_sweep(self->table, 1);
}
