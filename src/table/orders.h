/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file orders.h
 * @brief Orders to servers: drain, maintenance, weight, forget. Core: no httpd.
 *
 * An order is for this server or, if the farm has a secret, for any other one. Whoever maps the table read-write can
 * give one: a child of httpd, or a command of root or of httpd's user. It goes into a place of a mailbox in the table.
 * The moderator takes it, checks every part of it, obeys it or announces it to the server that shall obey, and answers
 * in the same place. See announce/moderator/commands.h.
 *
 * Only announced servers are named, by their contacts. backhand_order_find() finds the contact by what people write.
 */
#ifndef BACKHAND_TABLE_ORDERS_H
#define BACKHAND_TABLE_ORDERS_H

#include "table/table.h"

/** How long an order to another server is repeated. */
#define BACKHAND_ORDER_TIMEOUT apr_time_from_sec(10)

typedef enum backhand_order_kind {
    BACKHAND_ORDER_NORMAL,      /**< ends drain and maintenance; the weight stays */
    BACKHAND_ORDER_DRAIN,       /**< get no new requests of others; keep sessions and own clients */
    BACKHAND_ORDER_MAINTENANCE, /**< get no requests at all: hand own clients and sessions on as well */
    BACKHAND_ORDER_WEIGHT,      /**< get `weight` % of the fair share */
    BACKHAND_ORDER_FORGET,      /**< drop it from this server's table, until it is heard again; not for slot 0 */
    BACKHAND_ORDER_KINDS
} backhand_order_kind;

typedef struct backhand_order {
    backhand_order_kind kind;
    int weight;                          /**< of BACKHAND_ORDER_WEIGHT: 0 to 100 */
    char contact[BACKHAND_CONTACT_SIZE]; /**< of the server that shall obey, or be forgotten, as announced */
    char by[BACKHAND_ORDER_BY_SIZE];     /**< who gives it, for the log */
} backhand_order;

typedef enum backhand_order_result {
    BACKHAND_ORDER_PENDING,    /**< the moderator has not answered yet */
    BACKHAND_ORDER_OBEYED,     /**< done; for another server: it announces so */
    BACKHAND_ORDER_FULL,       /**< too many orders wait */
    BACKHAND_ORDER_WRONG,      /**< no such order, a weight out of range, or this server is to forget itself */
    BACKHAND_ORDER_UNKNOWN,    /**< no live server has that contact */
    BACKHAND_ORDER_NO_SECRET,  /**< for another server, without BackhandSecretFile here */
    BACKHAND_ORDER_UNANSWERED, /**< the other server has not obeyed within BACKHAND_ORDER_TIMEOUT */
    BACKHAND_ORDER_LOST,       /**< the answer was read already, or the moderator was replaced before it answered */
    BACKHAND_ORDER_RESULTS
} backhand_order_result;

/**
 * Gives an order. Any process, any thread; never waits.
 * @return a ticket for backhand_order_look(), not 0; 0: too many orders wait
 */
uint64_t backhand_order_give(backhand_table *table, const backhand_order *order);

/** The end of an order. Any process. After an answer, the place is free: ask once more and it is
 * BACKHAND_ORDER_LOST. */
backhand_order_result backhand_order_look(backhand_table *table, uint64_t ticket);

/**
 * Gives an order and waits for its end. Answers of this server's own moderator come within about a second, those of
 * another server within BACKHAND_ORDER_TIMEOUT.
 * @param most  us to wait
 * @return BACKHAND_ORDER_PENDING: the moderator did not answer in time; the order may still be obeyed
 */
backhand_order_result backhand_order_wait(backhand_table *table, const backhand_order *order, apr_interval_time_t most);

/** The result in words, as "the server obeys". Static. */
const char *backhand_order_result_text(backhand_order_result result);

/** The word of an order, as people write it: normal, drain, maintenance, weight, forget. */
const char *backhand_order_word(backhand_order_kind kind);

/** Reads such a word. @return BACKHAND_ORDER_KINDS: it is none */
backhand_order_kind backhand_order_kind_of(const char *word);

/**
 * Finds a server by its entry's number, its contact, its announced name, or the first labels of that name: `web1` is
 * web1.example.com, unless a server announces `web1` itself. Names are compared without regard to case.
 * @return its entry; -1: there is none; -2: several have this name, or the short name fits several
 */
int backhand_order_find(const backhand_table *table, const char *name, char contact[BACKHAND_CONTACT_SIZE]);

/** Takes an order that waits. The caller checks it, and calls backhand_order_answer() later. [moderator]
 * @return its ticket; 0: none waits */
uint64_t backhand_order_take(backhand_table *table, backhand_order *order);

/** Answers an order. [moderator] */
void backhand_order_answer(backhand_table *table, uint64_t ticket, backhand_order_result result);

/** Frees places whose writers or readers are gone; with `all`, at the moderator's start, answers what an earlier
 * moderator took. [moderator] */
void backhand_order_sweep(backhand_table *table, int all);

#endif
