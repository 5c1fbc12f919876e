/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "table/counters.h"
#include "base/average.h"
#include "base/throttle.h"
#include "table/inside.h"

void backhand_table_count(backhand_table *table, backhand_counter counter)
{
    __atomic_fetch_add(&table->counters->counted[counter], 1, __ATOMIC_RELAXED);
}

int64_t backhand_table_counted(const backhand_table *table, backhand_counter counter)
{
    return backhand_number_get(&table->counters->counted[counter]);
}

void backhand_table_count_drop(backhand_table *table, backhand_drop reason)
{
    __atomic_fetch_add(&table->counters->dropped[reason], 1, __ATOMIC_RELAXED);
}

int64_t backhand_table_drops(const backhand_table *table, backhand_drop reason)
{
    return backhand_number_get(&table->counters->dropped[reason]);
}

void backhand_table_received_took(backhand_table *table, apr_interval_time_t usec)
{
    int64_t *average = &table->counters->received_usec;
    /* When two requests end at the same time, the mean may miss one of them. That is better than a lock. */
    backhand_number_set(average, backhand_average_add_time(backhand_number_get(average), usec));
}

apr_interval_time_t backhand_table_received_usec(const backhand_table *table)
{
    return backhand_number_get(&table->counters->received_usec);
}

int backhand_table_once(backhand_table *table, backhand_occasion occasion, apr_interval_time_t period)
{
    return backhand_throttle(&table->counters->once[occasion], table->now(), period);
}

void backhand_table_beat(backhand_table *table)
{
    __atomic_fetch_add(&table->counters->moderator_beats, 1, __ATOMIC_RELAXED);
    backhand_number_set(&table->counters->moderator_beat, table->now());
}

int64_t backhand_table_beats(const backhand_table *table)
{
    return backhand_number_get(&table->counters->moderator_beats);
}

apr_time_t backhand_table_last_beat(const backhand_table *table)
{
    return backhand_number_get(&table->counters->moderator_beat);
}

void backhand_table_set_stopping(backhand_table *table, int stopping)
{
    backhand_number_set(&table->counters->stopping, stopping);
}

int backhand_table_stopping(const backhand_table *table)
{
    return backhand_number_get(&table->counters->stopping) != 0;
}

int64_t backhand_table_speed(const backhand_table *table)
{
    return backhand_number_get(table->personal_arriba);
}

void backhand_table_set_speed(backhand_table *table, int64_t score)
{
    backhand_number_set(table->personal_arriba, score);
}
