/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "table/down.h"

#include "table/inside.h"

int backhand_table_any_down(const backhand_table *table)
{
    return backhand_number_get(&table->head->passed_over) != 0;
}

int backhand_table_down(const backhand_table *table, int id)
{
    return backhand_table_any_down(table) && id >= 0 && id < table->max_servers &&
           backhand_number_get(&table->slots[id].down);
}

static int is_there(const backhand_table *table, int id, apr_time_t now)
{
    return id == 0 ||
           (backhand_acquire(&table->slots[id].generation) != 0 && !backhand_number_get(&table->slots[id].left) &&
            !backhand_table_older_at(table, id, SERVER_TIMEOUT, now));
}

void backhand_table_look_down(backhand_table *table)
{
    int used = backhand_table_used(table), up = 0, down = 0;
    apr_time_t now = table->now();

    for (int id = 0; id < used && !(up && down); id++) {
        if (backhand_number_get(&table->slots[id].down)) {
            down = 1;
        }
        else if (!up) {
            up = is_there(table, id, now);
        }
    }
    backhand_number_set(&table->head->passed_over, up && down);
}

uint64_t backhand_table_check_token(const backhand_table *table)
{
    return backhand_acquire(&table->head->check_token);
}

void backhand_table_set_check_token(backhand_table *table, uint64_t token)
{
    backhand_release(&table->head->check_token, token);
}
