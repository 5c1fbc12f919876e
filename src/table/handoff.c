/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "base/average.h"
#include "table/inside.h"

uint64_t backhand_table_slot_generation(const backhand_table *table, int id)
{
    return backhand_acquire(&table->slots[id].generation);
}

/* Counts one more, unless the slot has got another server. It may get one in between, whose counts begin anew: then
 * this one is taken back. @return the count, or 0 when nothing was counted */
static int64_t count(const backhand_slot *slot, int64_t *counter, uint64_t generation)
{
    int64_t counted;

    if (__atomic_load_n(&slot->generation, __ATOMIC_SEQ_CST) != generation) {
        return 0;
    }
    counted = __atomic_add_fetch(counter, 1, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&slot->generation, __ATOMIC_SEQ_CST) != generation) {
        __atomic_sub_fetch(counter, 1, __ATOMIC_SEQ_CST);
        return 0;
    }
    return counted;
}

/* A prediction would take this server for idle if only requests that it sends to others counted. `sent` goes last, so
 * that backhand_table_settle() never counts the request as lost. */
void backhand_table_kept(backhand_table *table)
{
    backhand_slot *self = &table->slots[0];

    __atomic_add_fetch(&self->begun, 1, __ATOMIC_RELAXED);
    __atomic_add_fetch(&self->returned, 1, __ATOMIC_RELAXED);
    __atomic_add_fetch(&self->sent, 1, __ATOMIC_RELEASE);
}

void backhand_table_sent(backhand_table *table, int id, uint64_t generation)
{
    backhand_slot *slot = &table->slots[id];
    int64_t sent = count(slot, &slot->sent, generation);

    if (sent != 0 && sent - backhand_number_get(&slot->begun) <= 1) {
        backhand_number_set(&slot->begun_last, table->now());
    }
}

void backhand_table_begun(backhand_table *table, int id, uint64_t generation)
{
    backhand_slot *slot = &table->slots[id];
    if (count(slot, &slot->begun, generation) != 0) {
        backhand_number_set(&slot->begun_last, table->now());
    }
}

void backhand_table_returned(backhand_table *table, int id, uint64_t generation)
{
    backhand_slot *slot = &table->slots[id];
    count(slot, &slot->returned, generation);
}

static void smooth(int64_t *average, int64_t value)
{
    backhand_number_set(average, backhand_average_add_time(backhand_number_get(average), value + 1));
}

int backhand_table_report(backhand_table *table, int id, uint64_t generation, const backhand_report *report,
                          int64_t hop)
{
    backhand_slot *slot = &table->slots[id];
    backhand_report *kept = &slot->report;
    int64_t sent = backhand_number_get(&slot->sent);

    if (backhand_table_slot_generation(table, id) != generation) {
        return 0;
    }
    backhand_number_set(&kept->inflight, report->inflight);
    backhand_number_set(&kept->service, report->service);
    backhand_number_set(&kept->parallel, report->parallel);
    backhand_number_set(&kept->latency, report->latency);
    backhand_number_set(&kept->errors, report->errors);
    backhand_number_set(&kept->stall, report->stall);
    backhand_number_set(&kept->sent, sent);
    backhand_number_set(&kept->outstanding, sent - backhand_number_get(&slot->returned) - 1);
    backhand_number_set(&kept->heard, table->now());
    if (hop >= 0) {
        smooth(&slot->hop, hop);
    }
    /* The slot's next server may have come in between, whose figures these are not. */
    if (backhand_table_slot_generation(table, id) != generation) {
        backhand_number_set(&kept->heard, 0);
        backhand_number_set(&slot->hop, 0);
        return 0;
    }
    backhand_table_count(table, BACKHAND_COUNT_REPORTS);
    return 1;
}
