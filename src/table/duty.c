/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "table/duty.h"

#include "table/inside.h"

backhand_duty backhand_duty_of(const serverstat *stat)
{
    if (stat->down > 0) {
        return BACKHAND_DUTY_DOWN;
    }
    return stat->duty > BACKHAND_DUTY_MAINTENANCE ? BACKHAND_DUTY_MAINTENANCE : (backhand_duty)stat->duty;
}

/* The best duty that is passed over. */
static int64_t passed_over_from(const backhand_table *table)
{
    int64_t from = backhand_number_get(&table->head->passed_over);
    return from > 0 ? from : BACKHAND_DUTY_DOWN + 1;
}

static int64_t duty(const backhand_table *table, int id)
{
    return id >= 0 && id < table->max_servers ? backhand_number_get(&table->slots[id].duty) : BACKHAND_DUTY_NORMAL;
}

int backhand_table_any_passed_over(const backhand_table *table)
{
    return backhand_number_get(&table->head->passed_over) != 0;
}

int backhand_table_passed_over(const backhand_table *table, int id)
{
    return backhand_table_any_passed_over(table) && duty(table, id) >= passed_over_from(table) &&
           !(id == 0 && duty(table, id) == BACKHAND_DUTY_DRAIN);
}

int backhand_table_drained(const backhand_table *table, int id)
{
    return duty(table, id) == BACKHAND_DUTY_DRAIN && passed_over_from(table) <= BACKHAND_DUTY_DRAIN;
}

int backhand_table_closed(const backhand_table *table, int id)
{
    return backhand_table_passed_over(table, id) && duty(table, id) >= BACKHAND_DUTY_MAINTENANCE;
}

int backhand_table_withheld(const backhand_table *table, int id)
{
    return id >= 0 && id < table->max_servers ? (int)backhand_number_get(&table->slots[id].withheld) : 0;
}

int backhand_table_any_restricted(const backhand_table *table)
{
    const backhand_head *head = table->head;

    return (backhand_number_get(&head->passed_over) | backhand_number_get(&head->weighted)) != 0;
}

static int is_there(const backhand_table *table, int id, apr_time_t now)
{
    return id == 0 ||
           (backhand_acquire(&table->slots[id].generation) != 0 && !backhand_number_get(&table->slots[id].left) &&
            !backhand_table_older_at(table, id, SERVER_TIMEOUT, now));
}

void backhand_table_look_duty(backhand_table *table)
{
    int used = backhand_table_used(table);
    int64_t best = BACKHAND_DUTY_DOWN, worst = BACKHAND_DUTY_NORMAL, weighted = 0;
    apr_time_t now = table->now();

    for (int id = 0; id < used; id++) {
        int64_t has = duty(table, id);
        worst = has > worst ? has : worst;
        best = has < best && is_there(table, id, now) ? has : best;
        weighted |= backhand_table_withheld(table, id) > 0;
    }
    backhand_number_set(&table->head->passed_over, worst > best ? best + 1 : 0);
    backhand_number_set(&table->head->weighted, weighted);
}

uint64_t backhand_table_check_token(const backhand_table *table)
{
    return backhand_acquire(&table->head->check_token);
}

void backhand_table_set_check_token(backhand_table *table, uint64_t token)
{
    backhand_release(&table->head->check_token, token);
}
