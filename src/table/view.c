/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "table/inside.h"
#include "table/view.h"

/* Bytes of a cache line. */
#define LINE 64

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

    backhand_meter_refresh(table->meter, table->now(), &view->work);
    view->returned = backhand_number_get(&slot->returned);
    view->sent = view->sent_now = view->begun = backhand_number_get(&slot->sent);
    view->outstanding = view->sent - view->returned;
    view->begun_last = view->hop = 0;
}

/* What no response carries is the announcement's. */
static void view_report(const backhand_slot *slot, const serverstat *stat, backhand_view *view)
{
    const backhand_report *report = &slot->report;

#define FIGURE(name, key, least, most, ways, ...)                                                                      \
    view->work.name = backhand_number_get(BACKHAND_ON_RESPONSES & (ways) ? &report->work.name : &stat->name);
    BACKHAND_WORK_FIGURES(FIGURE)
#undef FIGURE
    view->outstanding = backhand_number_get(&report->outstanding);
    view->sent = backhand_number_get(&report->sent);
}

void backhand_table_view(const backhand_table *table, int id, backhand_view *view)
{
    const backhand_slot *slot = &table->slots[id];
    const serverstat *stat = &table->stats[id];

    view->withheld = backhand_number_get(&slot->withheld);
    if (id == 0) {
        backhand_work_read(&view->work, stat);
        view_self(table, view);
        return;
    }
    read_counts(slot, view);
    if (backhand_number_get(&slot->report.heard) > backhand_number_get(&slot->heard)) {
        view_report(slot, stat, view);
        return;
    }
    backhand_work_read(&view->work, stat);
    view->outstanding = backhand_number_get(&slot->outstanding_heard);
    view->sent = backhand_number_get(&slot->sent_heard);
}

static inline void fetch(const void *from, size_t bytes)
{
    const char *at = from;

    for (size_t done = 0; done < bytes; done += LINE) {
        __builtin_prefetch(at + done);
    }
}

void backhand_table_view_prefetch(const backhand_table *table, int id)
{
    const backhand_slot *slot = &table->slots[id];
    const size_t workers = offsetof(backhand_announcement, stat.aservers);

    fetch(&table->stats[id], offsetof(serverstat, down));
    fetch(slot, offsetof(backhand_slot, refused));
    __builtin_prefetch((const char *)slot->copy[0] + workers);
    __builtin_prefetch((const char *)slot->copy[1] + workers);
}
