/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "table/orders.h"

#include "base/number.h"
#include "table/inside.h"

#include <apr_strings.h>

#include <strings.h>

/* A place is given back when its writer has not finished, or its answer was not read, for so long. */
#define WRITES_FOR  apr_time_from_sec(5)
#define ANSWERS_FOR apr_time_from_sec(30)
/* How often a waiting caller looks. */
#define LOOK apr_time_from_msec(10)

/* The state of a place: a number that grows with each order, and in the last bits one of these. */
enum { FREE, WRITING, GIVEN, TAKEN, ANSWERED };
#define BITS        3
#define STEP        (UINT64_C(1) << BITS)
#define PHASE(word) ((word) & (STEP - 1))

_Static_assert(sizeof(((backhand_order_place *)NULL)->contact) == BACKHAND_CONTACT_SIZE, "a contact fits");
_Static_assert(sizeof(((backhand_order_place *)NULL)->by) == BACKHAND_ORDER_BY_SIZE, "a name fits");

static int change(backhand_order_place *place, uint64_t from, uint64_t to)
{
    return __atomic_compare_exchange_n(&place->state, &from, to, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

static uint64_t with_phase(uint64_t word, unsigned phase)
{
    return (word & ~(STEP - 1)) | phase;
}

static void put_text(uint64_t *words, const char *text, size_t size)
{
    char whole[BACKHAND_ORDER_BY_SIZE + BACKHAND_CONTACT_SIZE] = {0};

    apr_cpystrn(whole, text, size);
    for (size_t i = 0; i < size / 8; i++) {
        uint64_t word;
        memcpy(&word, whole + i * sizeof(word), sizeof(word));
        backhand_release(&words[i], word);
    }
}

static void get_text(char *out, const uint64_t *words, size_t size)
{
    for (size_t i = 0; i < size / 8; i++) {
        uint64_t word = backhand_acquire(&words[i]);
        memcpy(out + i * sizeof(word), &word, sizeof(word));
    }
    out[size - 1] = '\0';
}

/* A ticket is the place's state when the order was given. The number in it begins at 1, so it is not 0. */
static uint64_t ticket_of(int at, uint64_t word)
{
    return (word >> BITS) * BACKHAND_ORDER_PLACES + (uint64_t)at;
}

static int is_of(uint64_t word, uint64_t ticket)
{
    return word >> BITS == ticket / BACKHAND_ORDER_PLACES;
}

uint64_t backhand_order_give(backhand_table *table, const backhand_order *order)
{
    for (int at = 0; at < BACKHAND_ORDER_PLACES; at++) {
        backhand_order_place *place = &table->head->orders[at];
        uint64_t word = backhand_acquire(&place->state), mine = with_phase(word + STEP, WRITING);
        if (PHASE(word) != FREE || !change(place, word, mine)) {
            continue;
        }
        backhand_number_set(&place->since, table->now());
        backhand_number_set(&place->kind, (int64_t)order->kind);
        backhand_number_set(&place->weight, order->weight);
        put_text(place->contact, order->contact, sizeof(order->contact));
        put_text(place->by, order->by, sizeof(order->by));
        /* The moderator may have given up waiting, if this process was stopped for long. */
        return change(place, mine, with_phase(mine, GIVEN)) ? ticket_of(at, mine) : 0;
    }
    return 0;
}

static backhand_order_place *place_of(backhand_table *table, uint64_t ticket)
{
    return &table->head->orders[ticket % BACKHAND_ORDER_PLACES];
}

backhand_order_result backhand_order_look(backhand_table *table, uint64_t ticket)
{
    backhand_order_place *place = place_of(table, ticket);
    uint64_t word = backhand_acquire(&place->state);
    int64_t result = backhand_number_get(&place->result);

    if (!is_of(word, ticket) || PHASE(word) == FREE) {
        return BACKHAND_ORDER_LOST;
    }
    if (PHASE(word) != ANSWERED) {
        return BACKHAND_ORDER_PENDING;
    }
    if (!change(place, word, with_phase(word, FREE)) || result <= 0 || result >= BACKHAND_ORDER_RESULTS) {
        return BACKHAND_ORDER_LOST;
    }
    return (backhand_order_result)result;
}

backhand_order_result backhand_order_wait(backhand_table *table, const backhand_order *order, apr_interval_time_t most)
{
    apr_time_t end = table->now() + most;
    uint64_t ticket = backhand_order_give(table, order);
    backhand_order_result result = ticket ? BACKHAND_ORDER_PENDING : BACKHAND_ORDER_FULL;

    while (result == BACKHAND_ORDER_PENDING && table->now() < end) {
        apr_sleep(LOOK);
        result = backhand_order_look(table, ticket);
    }
    return result;
}

uint64_t backhand_order_take(backhand_table *table, backhand_order *order)
{
    for (int at = 0; at < BACKHAND_ORDER_PLACES; at++) {
        backhand_order_place *place = &table->head->orders[at];
        uint64_t word = backhand_acquire(&place->state);
        int64_t kind, weight;
        if (PHASE(word) != GIVEN || !change(place, word, with_phase(word, TAKEN))) {
            continue;
        }
        kind = backhand_number_get(&place->kind);
        weight = backhand_number_get(&place->weight);
        order->kind = kind >= 0 && kind < BACKHAND_ORDER_KINDS ? (backhand_order_kind)kind : BACKHAND_ORDER_KINDS;
        order->weight = weight >= 0 && weight <= 100 ? (int)weight : -1;
        get_text(order->contact, place->contact, sizeof(order->contact));
        get_text(order->by, place->by, sizeof(order->by));
        return ticket_of(at, word);
    }
    return 0;
}

static void answer(backhand_table *table, backhand_order_place *place, uint64_t word, backhand_order_result result)
{
    backhand_number_set(&place->result, result);
    backhand_number_set(&place->since, table->now());
    (void)change(place, word, with_phase(word, ANSWERED));
}

void backhand_order_answer(backhand_table *table, uint64_t ticket, backhand_order_result result)
{
    backhand_order_place *place = place_of(table, ticket);
    uint64_t word = backhand_acquire(&place->state);

    if (is_of(word, ticket) && PHASE(word) == TAKEN) {
        answer(table, place, word, result);
    }
}

void backhand_order_sweep(backhand_table *table, int all)
{
    for (int at = 0; at < BACKHAND_ORDER_PLACES; at++) {
        backhand_order_place *place = &table->head->orders[at];
        uint64_t word = backhand_acquire(&place->state);
        apr_interval_time_t since = table->now() - backhand_number_get(&place->since);
        if (PHASE(word) == TAKEN && all) {
            answer(table, place, word, BACKHAND_ORDER_LOST);
        }
        else if (PHASE(word) > ANSWERED || (PHASE(word) == WRITING && (since > WRITES_FOR || since < 0)) ||
                 (PHASE(word) == ANSWERED && (since > ANSWERS_FOR || since < 0))) {
            (void)change(place, word, with_phase(word, FREE));
        }
    }
}

/* --- words ------------------------------------------------------------------------------------------------- */

const char *backhand_order_result_text(backhand_order_result result)
{
    static const char *const text[BACKHAND_ORDER_RESULTS] = {
        [BACKHAND_ORDER_PENDING] = "this server's moderator has not answered yet; the order may still be obeyed",
        [BACKHAND_ORDER_OBEYED] = "the order is obeyed",
        [BACKHAND_ORDER_FULL] = "too many orders wait for this server's moderator; try again in a minute",
        [BACKHAND_ORDER_WRONG] = "there is no such order: there are normal, drain, maintenance, weight with 0 to 100 "
                                 "percent, and forget for another server",
        [BACKHAND_ORDER_UNKNOWN] = "no live server has that contact",
        [BACKHAND_ORDER_NO_SECRET] = "this server has no BackhandSecretFile, so it can give orders to itself only",
        [BACKHAND_ORDER_UNANSWERED] = "the server has not obeyed within 10 s: it may be of an earlier release, have "
                                      "another secret, or not hear this server",
        [BACKHAND_ORDER_LOST] =
            "the answer is lost, because this server's moderator was replaced: see whether the server "
            "obeys; if not, give the order again",
    };
    return text[result];
}

static const char *const words[BACKHAND_ORDER_KINDS] = {
    [BACKHAND_ORDER_NORMAL] = "normal",           [BACKHAND_ORDER_DRAIN] = "drain",
    [BACKHAND_ORDER_MAINTENANCE] = "maintenance", [BACKHAND_ORDER_WEIGHT] = "weight",
    [BACKHAND_ORDER_FORGET] = "forget",
};

const char *backhand_order_word(backhand_order_kind kind)
{
    return words[kind];
}

backhand_order_kind backhand_order_kind_of(const char *word)
{
    int kind = 0;
    while (kind < BACKHAND_ORDER_KINDS && strcmp(words[kind], word) != 0) {
        kind++;
    }
    return (backhand_order_kind)kind;
}

/* Whether the name is the first labels of this host name, as web1 of web1.example.com. An address has no labels. */
static int is_short_for(const char *name, const char *hostname)
{
    size_t length = strlen(name);

    return length > 0 && strncasecmp(hostname, name, length) == 0 && hostname[length] == '.' &&
           hostname[strspn(hostname, "0123456789.")] != '\0';
}

/* How well a name fits a server: not at all; as a short name; as the whole one; as what only one server has. */
typedef enum fit { FIT_NONE, FIT_SHORT, FIT_NAME, FIT_UNIQUE } fit;

static fit fit_of(const serverstat *stat, int id, const char *name)
{
    int64_t number;

    if (backhand_number_read(&number, name, 0, BACKHAND_SERVERS_MAX)) {
        return number == id ? FIT_UNIQUE : FIT_NONE;
    }
    if (strcmp(stat->contact, name) == 0) {
        return FIT_UNIQUE;
    }
    return strcasecmp(stat->hostname, name) == 0 ? FIT_NAME : is_short_for(name, stat->hostname) ? FIT_SHORT : FIT_NONE;
}

int backhand_order_find(const backhand_table *table, const char *name, char contact[BACKHAND_CONTACT_SIZE])
{
    backhand_announcement said;
    int used = backhand_table_used(table), found = -1;
    fit best = FIT_NONE;

    for (int id = 0; id < used && best != FIT_UNIQUE; id++) {
        fit fits = backhand_table_read(table, id, &said, NULL) ? fit_of(&said.stat, id, name) : FIT_NONE;

        if (fits == FIT_NONE || fits < best) {
            continue;
        }
        found = fits > best ? id : -2;
        best = fits;
        apr_cpystrn(contact, said.stat.contact, BACKHAND_CONTACT_SIZE);
    }
    return found;
}
