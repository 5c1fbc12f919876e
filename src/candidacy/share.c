/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "candidacy/share.h"

#include "candidacy/random.h"
#include "table/duty.h"

static int is_live(const backhand_table *table, int id, apr_time_t now)
{
    return id == 0 ||
           (backhand_table_usable(table, id, UINT64_MAX) && !backhand_table_older_at(table, id, SERVER_TIMEOUT, now));
}

/* True when this request shall pass the server over, if another one can have it. */
static int draws_blank(const backhand_table *table, int id, int session)
{
    int withheld = backhand_table_withheld(table, id);

    return (session && backhand_table_drained(table, id)) ||
           (withheld > 0 && (int)backhand_random_below(100) < withheld);
}

int backhand_share_open(const backhand_table *table, ServerSlot *list, int n)
{
    int kept = 0;

    for (int i = 0; i < n; i++) {
        if (!backhand_table_closed(table, list[i].id)) {
            list[kept++] = list[i];
        }
    }
    return kept;
}

static int keep_open(const backhand_table *table, ServerSlot *list, int n)
{
    int kept = 0;

    for (int i = 0; i < n; i++) {
        if (!backhand_table_passed_over(table, list[i].id)) {
            list[kept++] = list[i];
        }
    }
    return kept;
}

int backhand_share_new(const backhand_table *table, ServerSlot *list, int n, int session)
{
    uint64_t blank[BACKHAND_SERVERS_MAX / 64] = {0};
    apr_time_t now = backhand_table_now(table);
    int kept = 0, live = 0;

    n = keep_open(table, list, n);
    for (int i = 0; i < n; i++) {
        if (draws_blank(table, list[i].id, session)) {
            blank[i / 64] |= UINT64_C(1) << (i % 64);
        }
        else {
            live = live || is_live(table, list[i].id, now);
        }
    }
    if (!live) {
        return n;
    }
    for (int i = 0; i < n; i++) {
        if (!(blank[i / 64] & UINT64_C(1) << (i % 64))) {
            list[kept++] = list[i];
        }
    }
    return kept;
}

/* Policies in C may have written any load. */
int64_t backhand_share_scale(const backhand_table *table, int id, int64_t load)
{
    int share = 100 - backhand_table_withheld(table, id);

    if (share >= 100 || load > INT64_MAX / 100 || load < INT64_MIN / 100) {
        return load;
    }
    return load * 100 / (share > 0 ? share : 1);
}
