/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "table/segment.h"

/* Each second a smoothed number loses this part: what is older than about 10 s hardly counts. */
#define PER_SECOND 10
/* How many requests for each of its servers the farm serves before one that got none is tried out. */
#define REQUESTS     10
#define PATIENCE_MIN apr_time_from_msec(250)
/* How much longer others wait before they try a server that can try itself. */
#define OTHERS       8
#define PATIENCE_MAX apr_time_from_sec(600)

static int64_t served_since(backhand_slot *slot)
{
    int64_t served = BACKHAND_ANNOUNCED(slot, stat.served), before = backhand_number_get(&slot->served_heard);

    backhand_number_set(&slot->served_heard, served);
    /* A difference that no server makes between two announcements comes from a server that lies or has started again. */
    return served > before && served - before < INT32_MAX ? served - before : 0;
}

static int64_t decayed(int64_t value, int64_t usec)
{
    int64_t part = usec < apr_time_from_sec(PER_SECOND) ? value / 1000 * (usec / 1000) / PER_SECOND : value;
    return value - part;
}

void backhand_table_flow(backhand_table *table)
{
    backhand_flow *flow = table->flow;
    int64_t now = table->now(), passed = now - flow->looked, all = 0, own = 0, given;
    int used = backhand_table_used(table);

    for (int id = 0; id < used; id++) {
        all += served_since(&table->slots[id]);
        own += backhand_number_get(&table->slots[id].sent);
    }
    given = flow->looked && own > flow->own_seen ? own - flow->own_seen : 0;
    all = flow->looked ? all : 0;
    passed = passed > 0 ? passed : 0;
    backhand_number_set(&flow->all, decayed(flow->all, passed) + 1000 * all);
    backhand_number_set(&flow->own, decayed(flow->own, passed) + 1000 * given);
    backhand_number_set(&flow->own_seen, own);
    backhand_number_set(&flow->looked, now);
    if (flow->own >= 1000) {
        int64_t crowd = flow->all / (flow->own / 1000);
        backhand_number_set(&flow->crowd, crowd > 1000 ? crowd : 1000);
    }
}

void backhand_table_patience(const backhand_table *table, backhand_patience *patience)
{
    /* Both x 1000, of about PER_SECOND seconds. */
    int64_t served = backhand_number_get(&table->flow->all) / 1000,
            given = backhand_number_get(&table->flow->own) / 1000;
    int64_t usual =
        served > 0 ? REQUESTS * backhand_table_used(table) * apr_time_from_sec(PER_SECOND) / served : PATIENCE_MAX;

    usual = usual < PATIENCE_MIN ? PATIENCE_MIN : usual > PATIENCE_MAX ? PATIENCE_MAX : usual;
    patience->own = given > 0 ? usual / 2 : 0;
    patience->others = given > 0 ? OTHERS * usual : usual;
}
