/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "table/handoff.h"
#include "table/counters.h"
#include "table/inside.h"

/* A new value moves the hop by a quarter of the difference, or by a sixteenth when the value is longer. The hop is the
 * time on the network and the work of both servers. A request may also wait in the listen backlog for a worker, where
 * nobody sees it. Such a wait is no reason to avoid the server once it is over. So longer values count little, and as
 * no more than twice the hop. */
#define SHORTER 4
#define LONGER  16

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

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* The hop is stored plus 1, so that 0 means none. */
static void learn_hop(int64_t *hop, int64_t usec)
{
    int64_t before = backhand_number_get(hop), more = usec + 1 - before;

    if (before == 0) {
        backhand_number_set(hop, usec + 1);
        return;
    }
    backhand_number_set(hop, before + (more > 0 ? (smaller(more, before) + LONGER - 1) / LONGER : more / SHORTER));
}

/* Requests at the contact that are not from here are the others'. A server that gets requests itself is its own
 * contact, and sees them all. */
static void learn_guests(backhand_table *table, const backhand_report *kept)
{
    if (backhand_table_counted(table, BACKHAND_COUNT_RECEIVED) != 0) {
        return;
    }
    backhand_meter_guests(table->meter,
                          backhand_number_get(&kept->work.inflight) - backhand_number_get(&kept->outstanding),
                          table->now());
}

int backhand_table_report(backhand_table *table, int id, uint64_t generation, const backhand_work *work, int64_t hop)
{
    backhand_slot *slot = &table->slots[id];
    backhand_report *kept = &slot->report;
    int64_t sent = backhand_number_get(&slot->sent);

    if (backhand_table_slot_generation(table, id) != generation) {
        return 0;
    }
#define FIGURE(name, key, least, most, ways, ...)                                                                      \
    if (BACKHAND_ON_RESPONSES & (ways)) {                                                                              \
        backhand_number_set(&kept->work.name, work->name);                                                             \
    }
    BACKHAND_WORK_FIGURES(FIGURE)
#undef FIGURE
    backhand_number_set(&kept->sent, sent);
    backhand_number_set(&kept->outstanding, sent - backhand_number_get(&slot->returned) - 1);
    backhand_number_set(&kept->heard, table->now());
    if (hop >= 0) {
        learn_hop(&slot->hop, hop);
    }
    if (id == 0) {
        learn_guests(table, kept);
    }
    /* Meanwhile the slot may have got another server. These figures are not its figures. */
    if (backhand_table_slot_generation(table, id) != generation) {
        backhand_number_set(&kept->heard, 0);
        backhand_number_set(&slot->hop, 0);
        return 0;
    }
    backhand_table_count(table, BACKHAND_COUNT_REPORTS);
    return 1;
}
