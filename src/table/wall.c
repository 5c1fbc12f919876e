/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* How the table follows the wall clock when somebody sets it. */

#include "table/inside.h"
#include "table/wall.h"

/* Between the readings of the two clocks a process is interrupted for less than this. Nobody looks at smaller
 * differences. */
#define STEP_MIN apr_time_from_sec(1)
/* A value that a policy wrote and that is no time stays as it is. */
#define TIME_MIN INT64_C(1000000)
#define TIME_MAX INT64_C(100000000000)
/* For this long, others may still use times of the clock as it was before. */
#define GRACE apr_time_from_sec(5)
/* Older than any age that a chain accepts. */
#define DOUBT apr_time_from_sec(86400)

static void shift(backhand_table *table, int id, int64_t seconds)
{
    backhand_slot *slot = &table->slots[id];
    int64_t before = backhand_number_get(&slot->mtime);
    int64_t live = backhand_number_get(&table->stats[id].mtime);

    if (before > 0) {
        backhand_number_set(&slot->mtime, before + seconds > 0 ? before + seconds : 1);
    }
    if (live >= TIME_MIN && live <= TIME_MAX) {
        backhand_number_set(&table->stats[id].mtime, live + seconds > 0 ? live + seconds : 1);
    }
}

apr_interval_time_t backhand_table_follow_wall(backhand_table *table)
{
    backhand_head *head = table->head;
    int64_t ahead = table->wall() - table->now(), before = head->wall_ahead, step = ahead - before;
    int used = backhand_table_used(table);

    if (before != 0 && step < STEP_MIN && step > -STEP_MIN) {
        return 0;
    }
    if (before != 0) {
        backhand_number_set(&head->wall_before, before);
        backhand_number_set(&head->wall_set, table->now());
    }
    backhand_number_set(&head->wall_ahead, ahead ? ahead : 1);
    if (before == 0) {
        return 0;
    }
    for (int id = 0; id < used; id++) {
        shift(table, id, step / APR_USEC_PER_SEC);
    }
    return step;
}

apr_time_t backhand_table_wall_shown(const backhand_table *table)
{
    return table->wall();
}

apr_time_t backhand_table_wall(const backhand_table *table)
{
    int64_t ahead = backhand_number_get(&table->head->wall_ahead);
    apr_time_t wall = table->wall(), usual = table->now() + ahead;
    return ahead == 0 || (wall - usual < STEP_MIN && usual - wall < STEP_MIN) ? wall : usual;
}

apr_time_t backhand_table_wall_before(const backhand_table *table)
{
    int64_t set = backhand_number_get(&table->head->wall_set);
    apr_time_t now = table->now();
    if (set == 0 || now - set > GRACE) {
        return backhand_table_wall(table);
    }
    return now + backhand_number_get(&table->head->wall_before);
}

void backhand_table_doubt(backhand_table *table)
{
    int used = backhand_table_used(table);
    apr_time_t now = table->now();

    for (int id = 1; id < used; id++) {
        backhand_slot *slot = &table->slots[id];
        int64_t long_ago = now - backhand_slot_silence_limit(slot) - DOUBT;
        if (backhand_number_get(&slot->heard) > long_ago) {
            backhand_number_set(&slot->heard, long_ago);
        }
    }
}
