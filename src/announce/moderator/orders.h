/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file orders.h
 * @brief Obeys orders for this server, and announces those for others until they obey. Only for the moderator.
 *
 * Orders come from the mailbox of table/orders.h, and in announcements of other servers that are signed with a key of
 * BackhandSecretFile. So all that protects announcements from forgery and repetition protects orders, too. An order in
 * an announcement is numbered. This server obeys each number of a boot once, because the order is repeated.
 */
#ifndef BACKHAND_MODERATOR_ORDERS_H
#define BACKHAND_MODERATOR_ORDERS_H

#include "announce/moderator/own_duty.h"
#include "announce/moderator/self.h"

/** Servers whose orders this server remembers to have obeyed: the last ones. */
#define BACKHAND_ORDERS_OBEYED 32

/** An order for another server that waits until that server announces to have obeyed. */
typedef struct backhand_order_sent {
    uint64_t ticket; /**< 0: free */
    backhand_order order;
    int64_t number;
    apr_time_t until;
} backhand_order_sent;

/** All zero at first. */
typedef struct backhand_orders {
    backhand_self *self;
    backhand_own_duty own;
    backhand_order_sent sent[BACKHAND_ORDER_PLACES];
    int next;            /**< the one of `sent` that is announced next */
    int64_t numbered;    /**< number of the last order */
    apr_time_t repeated; /**< when one was last announced */
    int news;            /**< 1: this server must announce itself now */
    int64_t complained;  /**< when the log last said that an order is not known */
    struct {
        uint64_t boot;
        int64_t number;
    } obeyed[BACKHAND_ORDERS_OBEYED];
    int last; /**< the place in `obeyed` that was written last */
} backhand_orders;

/** Reads what earlier orders have made of this server. All arguments must live as long as `orders`. */
void backhand_orders_open(backhand_orders *orders, backhand_self *self, apr_pool_t *p);

/** Takes orders from the mailbox, answers those that are done, and puts the next one for another server into this
 * server's announcement. @return 1: announce at once */
int backhand_orders_look(backhand_orders *orders);

/** The backhand_order_fn of an intake; `ctx` is the orders. */
void backhand_orders_hear(void *ctx, const backhand_announcement *from);

#endif
