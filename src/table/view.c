/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "table/inside.h"
#include "table/view.h"

static void read_counts(const backhand_slot *slot, backhand_view *view)
{
    view->sent_now = backhand_number_get(&slot->sent);
    view->returned = backhand_number_get(&slot->returned);
    view->begun = backhand_number_get(&slot->begun);
    view->begun_last = backhand_number_get(&slot->begun_last);
    view->hop = backhand_number_get(&slot->hop);
}

static void view_self(const backhand_table *table, backhand_view *view)
{
    const backhand_slot *slot = &table->slots[0];

    view->inflight = backhand_meter_inflight(table->meter);
    view->latency = backhand_meter_latency(table->meter, view->latency);
    view->errors = backhand_meter_errors(table->meter);
    view->stall = backhand_meter_stall(table->meter, table->now());
    view->returned = backhand_number_get(&slot->returned);
    view->sent = view->sent_now = view->begun = backhand_number_get(&slot->sent);
    view->outstanding = view->sent - view->returned;
    view->begun_last = view->hop = 0;
}

static void view_report(const backhand_report *report, backhand_view *view)
{
    view->inflight = backhand_number_get(&report->inflight);
    view->service = backhand_number_get(&report->service);
    view->parallel = backhand_number_get(&report->parallel);
    view->latency = backhand_number_get(&report->latency);
    view->errors = backhand_number_get(&report->errors);
    view->stall = backhand_number_get(&report->stall);
    view->outstanding = backhand_number_get(&report->outstanding);
    view->sent = backhand_number_get(&report->sent);
}

void backhand_table_view(const backhand_table *table, int id, backhand_view *view)
{
    const backhand_slot *slot = &table->slots[id];
    const serverstat *stat = &table->stats[id];
    int64_t reported = backhand_number_get(&slot->report.heard);

    view->typical = backhand_number_get(&stat->typical);
    view->samples = backhand_number_get(&stat->samples);
    view->spread = backhand_number_get(&stat->spread);
    view->calm = backhand_number_get(&stat->calm);
    if (id != 0) {
        read_counts(slot, view);
    }
    if (id != 0 && reported > backhand_number_get(&slot->heard)) {
        view_report(&slot->report, view);
        return;
    }
    view->inflight = backhand_number_get(&stat->inflight);
    view->service = backhand_number_get(&stat->service);
    view->parallel = backhand_number_get(&stat->parallel);
    view->latency = backhand_number_get(&stat->latency);
    view->errors = backhand_number_get(&stat->errors);
    view->stall = backhand_number_get(&stat->stall);
    view->outstanding = backhand_number_get(&slot->outstanding_heard);
    view->sent = backhand_number_get(&slot->sent_heard);
    if (id == 0) {
        view_self(table, view);
    }
}
