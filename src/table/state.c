/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "table/state.h"
#include "table/duty.h"
#include "table/inside.h"

const char *backhand_row_state_name(backhand_row_state state)
{
    switch (state) {
    case BACKHAND_ROW_DEAD:
        return "dead";
    case BACKHAND_ROW_LEFT:
        return "left";
    case BACKHAND_ROW_DOWN:
        return "down";
    case BACKHAND_ROW_DRAINED:
        return "drained";
    case BACKHAND_ROW_MAINTENANCE:
        return "maintenance";
    default:
        return "alive";
    }
}

backhand_row_state backhand_table_row_state(const backhand_table *table, int id)
{
    if (backhand_table_left(table, id)) {
        return BACKHAND_ROW_LEFT;
    }
    if (backhand_table_older(table, id, SERVER_TIMEOUT)) {
        return BACKHAND_ROW_DEAD;
    }
    switch (backhand_number_get(&table->slots[id].duty)) {
    case BACKHAND_DUTY_DRAIN:
        return BACKHAND_ROW_DRAINED;
    case BACKHAND_DUTY_MAINTENANCE:
        return BACKHAND_ROW_MAINTENANCE;
    case BACKHAND_DUTY_DOWN:
        return BACKHAND_ROW_DOWN;
    default:
        return BACKHAND_ROW_ALIVE;
    }
}

apr_time_t backhand_table_state_since(const backhand_table *table, int id)
{
    return backhand_number_get(&table->slots[id].state_since);
}

int64_t backhand_table_state_changes(const backhand_table *table, int id)
{
    return backhand_number_get(&table->slots[id].state_changes);
}

int backhand_table_replaced(const backhand_table *table, int id, uint64_t generation)
{
    uint64_t now = backhand_acquire(&table->slots[id].generation);

    return now != 0 && now != generation &&
           table->now() - backhand_table_state_since(table, id) > backhand_slot_silence_limit(&table->slots[id]);
}

void backhand_table_note_moved(backhand_table *table)
{
    backhand_number_set(&table->head->moved, table->now());
}

apr_time_t backhand_table_moved(const backhand_table *table)
{
    return backhand_number_get(&table->head->moved);
}

void backhand_slot_note_state(backhand_table *table, int id, int fresh)
{
    backhand_slot *slot = &table->slots[id];
    int64_t state = backhand_table_row_state(table, id);

    if (!fresh && state == slot->state) {
        return;
    }
    backhand_number_set(&slot->state, state);
    backhand_number_set(&slot->state_changes, fresh ? 0 : slot->state_changes + 1);
    backhand_number_set(&slot->state_since, table->now());
}

void backhand_table_look_states(backhand_table *table)
{
    int used = backhand_table_used(table);

    for (int id = 0; id < used; id++) {
        if (!backhand_table_forgotten(table, id)) {
            backhand_slot_note_state(table, id, 0);
        }
    }
}
