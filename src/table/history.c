/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "table/history.h"

#include "table/inside.h"
#include "table/view.h"

#define MASK INT64_C(0x7fffffff)
/* Samples that a rate is made of: those of a minute. */
#define RATE 12

static int32_t cut(int64_t number)
{
    return (int32_t)(number < 0 ? 0 : number > INT32_MAX ? INT32_MAX : number);
}

static void store(backhand_slot_history *kept, int trace, int64_t period, int32_t value)
{
    __atomic_store_n(&kept->history.sample[trace][period % BACKHAND_HISTORY_LENGTH], value, __ATOMIC_RELAXED);
}

static void fill(backhand_slot_history *kept, int64_t period, const int32_t values[BACKHAND_TRACES])
{
    for (int trace = 0; trace < BACKHAND_TRACES; trace++) {
        store(kept, trace, period, values[trace]);
    }
}

static const int32_t nothing[BACKHAND_TRACES] = {-1, -1, -1, -1};

/* Nothing of the server that had the slot before is kept. */
static void follow_generation(backhand_slot_history *kept, uint64_t generation)
{
    if (backhand_acquire(&kept->generation) == generation) {
        return;
    }
    backhand_release(&kept->generation, 0);
    for (int64_t i = 0; i < BACKHAND_HISTORY_LENGTH; i++) {
        fill(kept, i, nothing);
    }
    backhand_release(&kept->generation, generation);
}

static void note(backhand_table *table, int id, int64_t period)
{
    backhand_slot_history *kept = &table->histories[id];
    uint64_t generation = backhand_acquire(&table->slots[id].generation);
    backhand_view view;

    follow_generation(kept, generation);
    if (generation == 0 || !backhand_table_live(table, id)) {
        fill(kept, period, nothing);
        return;
    }
    backhand_table_view(table, id, &view);
    store(kept, BACKHAND_TRACE_LOAD, period, cut(backhand_number_get(&table->stats[id].load)));
    store(kept, BACKHAND_TRACE_INFLIGHT, period, cut(backhand_number_get(&table->stats[id].inflight)));
    store(kept, BACKHAND_TRACE_LATENCY, period, cut(view.work.latency));
    store(kept, BACKHAND_TRACE_SERVED, period, (int32_t)(view.work.served & MASK));
}

void backhand_history_note(backhand_table *table)
{
    int64_t period = table->now() / BACKHAND_HISTORY_PERIOD;
    int64_t last = (int64_t)backhand_acquire(&table->head->history_period);
    int64_t missed = period - last - 1;
    int used = backhand_table_used(table);

    if (period <= last) {
        return;
    }
    if (missed > BACKHAND_HISTORY_LENGTH - 1) {
        missed = BACKHAND_HISTORY_LENGTH - 1;
    }
    for (int id = 0; id < used; id++) {
        for (int64_t before = missed; before > 0; before--) {
            fill(&table->histories[id], period - before, nothing);
        }
        note(table, id, period);
    }
    backhand_release(&table->head->history_period, (uint64_t)period);
}

void backhand_history_read(backhand_history *out, const backhand_table *table, int id)
{
    const backhand_slot_history *kept = &table->histories[id];
    uint64_t period = backhand_acquire(&table->head->history_period);
    uint64_t generation = backhand_acquire(&kept->generation);
    int known = generation != 0 && generation == backhand_acquire(&table->slots[id].generation);

    for (int trace = 0; trace < BACKHAND_TRACES; trace++) {
        for (int i = 0; i < BACKHAND_HISTORY_LENGTH; i++) {
            uint64_t at = (period + 1 + (uint64_t)i) % BACKHAND_HISTORY_LENGTH;
            out->sample[trace][i] = known ? __atomic_load_n(&kept->history.sample[trace][at], __ATOMIC_RELAXED) : -1;
        }
    }
}

int64_t backhand_history_rate(const backhand_history *history)
{
    const int32_t *served = history->sample[BACKHAND_TRACE_SERVED];
    int last = BACKHAND_HISTORY_LENGTH - 1, first = last;
    int64_t seconds, requests;

    while (first > 0 && first > last - RATE && served[first - 1] >= 0) {
        first--;
    }
    if (served[last] < 0 || first == last) {
        return -1;
    }
    seconds = (last - first) * apr_time_sec(BACKHAND_HISTORY_PERIOD);
    requests = (served[last] - (int64_t)served[first]) & MASK;
    /* A count that went back is that of a server that started anew. */
    return requests > MASK / 2 ? -1 : requests * 1000 / seconds;
}
