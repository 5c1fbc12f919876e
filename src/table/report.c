/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "table/segment.h"

/* A smoothed hop moves by this part of each new one. */
#define SMOOTHING 8

/* --- hand-offs --------------------------------------------------------------------------------------------------- */

void backhand_table_sent(backhand_table *table, int id)
{
    backhand_slot *slot = &table->slots[id];
    int64_t sent = __atomic_add_fetch(&slot->sent, 1, __ATOMIC_RELEASE);

    if (sent - backhand_number_get(&slot->begun) <= 1) {
        backhand_number_set(&slot->begun_last, table->now());
    }
}

void backhand_table_begun(backhand_table *table, int id)
{
    backhand_slot *slot = &table->slots[id];
    __atomic_add_fetch(&slot->begun, 1, __ATOMIC_RELAXED);
    backhand_number_set(&slot->begun_last, table->now());
}

void backhand_table_returned(backhand_table *table, int id)
{
    __atomic_add_fetch(&table->slots[id].returned, 1, __ATOMIC_RELAXED);
}

static void smooth(int64_t *average, int64_t value)
{
    int64_t before = backhand_number_get(average);
    backhand_number_set(average, before == 0 ? value + 1 : before + (value + 1 - before) / SMOOTHING);
}

void backhand_table_report(backhand_table *table, int id, const backhand_report *said, int64_t hop)
{
    backhand_slot *slot = &table->slots[id];
    backhand_report *kept = &slot->report;
    int64_t sent = backhand_number_get(&slot->sent);

    backhand_number_set(&kept->inflight, said->inflight);
    backhand_number_set(&kept->service, said->service);
    backhand_number_set(&kept->parallel, said->parallel);
    backhand_number_set(&kept->latency, said->latency);
    backhand_number_set(&kept->errors, said->errors);
    backhand_number_set(&kept->sent, sent);
    backhand_number_set(&kept->outstanding, sent - backhand_number_get(&slot->returned) - 1);
    backhand_number_set(&kept->heard, table->now());
    if (hop >= 0) {
        smooth(&slot->hop, hop);
    }
    __atomic_add_fetch(&table->counters->reports, 1, __ATOMIC_RELAXED);
}

/* --- the newest word --------------------------------------------------------------------------------------------- */

static void view_self(const backhand_table *table, backhand_view *view)
{
    const backhand_slot *slot = &table->slots[0];
    int64_t inflight = backhand_number_get(&table->meter->inflight);

    view->inflight = inflight > 0 ? inflight : 0;
    view->service = backhand_meter_service(table->meter, view->service);
    view->latency = backhand_meter_latency(table->meter, view->latency);
    view->errors = backhand_meter_errors(table->meter, view->errors);
    view->sent = backhand_number_get(&slot->sent);
    view->outstanding = view->sent - backhand_number_get(&slot->returned);
}

static void view_report(const backhand_report *report, backhand_view *view)
{
    view->inflight = backhand_number_get(&report->inflight);
    view->service = backhand_number_get(&report->service);
    view->parallel = backhand_number_get(&report->parallel);
    view->latency = backhand_number_get(&report->latency);
    view->errors = backhand_number_get(&report->errors);
    view->outstanding = backhand_number_get(&report->outstanding);
    view->sent = backhand_number_get(&report->sent);
}

void backhand_table_view(const backhand_table *table, int id, backhand_view *view)
{
    const backhand_slot *slot = &table->slots[id];
    const serverstat *stat = &table->stats[id];
    int64_t reported = backhand_number_get(&slot->report.heard);

    if (id != 0 && reported > backhand_number_get(&slot->heard)) {
        view_report(&slot->report, view);
        return;
    }
    view->inflight = backhand_number_get(&stat->inflight);
    view->service = backhand_number_get(&stat->service);
    view->parallel = backhand_number_get(&stat->parallel);
    view->latency = backhand_number_get(&stat->latency);
    view->errors = backhand_number_get(&stat->errors);
    view->outstanding = backhand_number_get(&slot->outstanding_heard);
    view->sent = backhand_number_get(&slot->sent_heard);
    if (id == 0) {
        view_self(table, view);
    }
}
