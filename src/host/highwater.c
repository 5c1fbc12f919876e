/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "host/figures.h"
#include "table/table.h"

#define MARK_MIN 1000
/* The largest power of two (x 1000) in the field's range. */
#define MARK_MAX   ((int64_t)1000 << 21)
#define MARK_DECAY apr_time_from_sec(600)

static int64_t fastest(const backhand_table *table)
{
    int64_t best = 0;
    int used = backhand_table_used(table);

    for (int id = 0; id < used; id++) {
        int64_t arriba = backhand_table_live(table, id) ? BACKHAND_TABLE_ANNOUNCED(table, id, stat.arriba) : 0;
        best = arriba > best ? arriba : best;
    }
    return best;
}

/* A server that has not yet measured its speed counts as one of the fastest. */
static double highest_load(const backhand_table *table)
{
    double best = (double)fastest(table);
    double highest = 0.0;
    int used = backhand_table_used(table);

    for (int id = 0; id < used; id++) {
        int64_t arriba = BACKHAND_TABLE_ANNOUNCED(table, id, stat.arriba);
        double load =
            (double)BACKHAND_TABLE_ANNOUNCED(table, id, stat.load) * (arriba > 0 ? best / (double)arriba : 1.0);
        if (load > highest && backhand_table_live(table, id)) {
            highest = load;
        }
    }
    return highest;
}

int64_t backhand_highwater_above(int64_t mark, double load)
{
    mark = mark < MARK_MIN ? MARK_MIN : mark;
    while ((double)mark < load && mark < MARK_MAX) {
        mark *= 2;
    }
    return mark;
}

static void raise_to(backhand_highwater *mark, double load, apr_time_t now)
{
    mark->value = backhand_highwater_above(mark->value, load);
    if (load > (double)mark->value / 2) {
        mark->seen = now;
    }
}

int64_t backhand_highwater_update(backhand_highwater *mark, const struct backhand_table *table, int64_t announced)
{
    apr_time_t now = backhand_table_now(table);

    if (mark->value < MARK_MIN) {
        mark->value = MARK_MIN;
        mark->seen = now;
    }
    raise_to(mark, highest_load(table), now);
    raise_to(mark, (double)announced, now);
    if (now - mark->seen > MARK_DECAY) {
        mark->value = mark->value > MARK_MIN ? mark->value / 2 : MARK_MIN;
        mark->seen = now;
    }
    return mark->value;
}
