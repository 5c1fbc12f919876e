/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "candidacy/pick.h"

#include "table/duty.h"
#include "table/view.h"

/* Random draws for each server that is wanted, before all servers are looked at. */
#define DRAWS 4

/* First drops the entries that were never used; a list has many. @return the number of entries left, without this
 * server */
static int keep_used(const backhand_table *table, ServerSlot *servers, int n, ServerSlot *self, int *has_self)
{
    int used = backhand_table_used(table), kept = 0;

    for (int i = 0; i < n; i++) {
        ServerSlot slot = servers[i];
        if (slot.id == 0) {
            *self = slot;
            *has_self = 1;
        }
        else if (slot.id < used) {
            servers[kept++] = slot;
        }
    }
    return kept;
}

/* The same for an untouched list, which has all entries from `first` on in order. The last used entry takes the place
 * of this server. */
static int keep_first(const backhand_table *table, ServerSlot *servers, int first, int *has_self)
{
    int kept = backhand_table_used(table) - 1;

    *has_self = first == 0;
    if (first == 0 && kept > 0) {
        servers[0] = servers[kept];
    }
    return kept > 0 ? kept : 0;
}

/* See backhand_candidates. */
static int first_of(const ServerSlot *servers)
{
    const backhand_candidates *current = backhand_chain_current();
    return current && current->list == servers ? current->first : -1;
}

int backhand_pick(const backhand_table *table, ServerSlot *servers, int *n, int most)
{
    ServerSlot self = {0, BACKHAND_HANDOFF};
    apr_time_t now = backhand_table_now(table);
    int has_self = 0, picked = 0, first = first_of(servers);
    int left =
        first >= 0 ? keep_first(table, servers, first, &has_self) : keep_used(table, servers, *n, &self, &has_self);

    /* Servers from `picked` on, `left` of them, were not drawn yet. */
    for (; left > 0 && picked < most; left--) {
        int at = picked + (int)backhand_random_below((uint32_t)left);
        ServerSlot slot = servers[at];
        if (backhand_table_older_at(table, slot.id, SERVER_TIMEOUT, now)) {
            servers[at] = servers[picked + left - 1];
            continue;
        }
        servers[at] = servers[picked];
        servers[picked++] = slot;
    }
    if (has_self) {
        servers[picked++] = self;
    }
    return *n = picked;
}

/* --- without a list ---------------------------------------------------------------------------------------- */

static int is_in(const int *ids, int n, int id)
{
    for (int i = 0; i < n; i++) {
        if (ids[i] == id) {
            return 1;
        }
    }
    return 0;
}

static int is_wanted(const backhand_table *table, int id, apr_time_t now)
{
    return !backhand_table_passed_over(table, id) && !backhand_table_older_at(table, id, SERVER_TIMEOUT, now);
}

/* Each server is drawn once at most, so no draw is in vain. */
static int pick_of_few(const backhand_table *table, int *ids, int most, int others, apr_time_t now)
{
    uint8_t left[BACKHAND_PICK_MOST];
    int n = 0;

    for (int i = 0; i < others; i++) {
        left[i] = (uint8_t)(i + 1);
    }
    for (; others > 0 && n < most; others--) {
        int at = (int)backhand_random_below((uint32_t)others), id = left[at];
        left[at] = left[others - 1];
        if (is_wanted(table, id, now)) {
            ids[n++] = id;
        }
    }
    return n;
}

static void shuffle(int *ids, int n)
{
    for (; n > 1; n--) {
        int other = (int)backhand_random_below((uint32_t)n), id = ids[other];
        ids[other] = ids[n - 1];
        ids[n - 1] = id;
    }
}

/* Walks through the entries from a random one on, and then shuffles the servers found. */
static int walk(const backhand_table *table, int *ids, int n, int most, apr_time_t now)
{
    int others = backhand_table_used(table) - 1, from = (int)backhand_random_below((uint32_t)others);

    for (int i = 0; i < others && n < most; i++) {
        int id = 1 + (from + i) % others;
        if (!is_in(ids, n, id) && is_wanted(table, id, now)) {
            ids[n++] = id;
        }
    }
    shuffle(ids, n);
    return n;
}

/* Draws servers that are not among the first `n` until there are `most`. @return how many there are */
static int draw(const backhand_table *table, int *ids, int n, int most, int others, int *draws)
{
    for (; *draws > 0 && n < most; --*draws) {
        int id = 1 + (int)backhand_random_below((uint32_t)others);
        if (!is_in(ids, n, id)) {
            backhand_table_view_prefetch(table, id);
            ids[n++] = id;
        }
    }
    return n;
}

/* Of the servers from `first` on only wanted ones are left. @return how many are left of all */
static int keep_wanted(const backhand_table *table, int *ids, int first, int n, apr_time_t now)
{
    int kept = first;

    for (int i = first; i < n; i++) {
        if (is_wanted(table, ids[i], now)) {
            ids[kept++] = ids[i];
        }
    }
    return kept;
}

int backhand_pick_any(const backhand_table *table, int *ids, int most, apr_time_t now)
{
    int others = backhand_table_used(table) - 1, n = 0, draws = DRAWS * most;

    if (others <= BACKHAND_PICK_MOST) {
        return pick_of_few(table, ids, most, others, now);
    }
    while (draws > 0 && n < most) {
        int all = draw(table, ids, n, most, others, &draws);
        n = keep_wanted(table, ids, n, all, now);
    }
    return n < most ? walk(table, ids, n, most, now) : n;
}
