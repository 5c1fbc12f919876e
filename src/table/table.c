/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "table/table.h"
#include "table/inside.h"

const char *backhand_drop_name(backhand_drop reason)
{
    static const char *const names[BACKHAND_DROP_REASONS] = {
        "none",    "sender", "length", "text", "format",    "keys", "range",
        "contact", "farm",   "old",    "full", "signature", "time",
    };
    return (unsigned)reason < BACKHAND_DROP_REASONS ? names[reason] : "unknown";
}

int backhand_table_max(const backhand_table *table)
{
    return table->max_servers;
}

backhand_meter *backhand_table_meter(const backhand_table *table)
{
    return table->meter;
}

int backhand_table_used(const backhand_table *table)
{
    uint64_t used = backhand_acquire(&table->head->used);
    return used < (uint64_t)table->max_servers ? (int)used : table->max_servers;
}

uint64_t backhand_table_generation(const backhand_table *table)
{
    return backhand_acquire(&table->head->generation);
}

static const backhand_slot *slot_of(const backhand_table *table, int id)
{
    return id >= 0 && id < table->max_servers ? &table->slots[id] : NULL;
}

int backhand_table_read(const backhand_table *table, int id, backhand_announcement *out, uint64_t *generation)
{
    const backhand_slot *slot = slot_of(table, id);
    return slot && backhand_slot_read(slot, out, 0, sizeof(*out) / 8, generation);
}

int64_t backhand_table_announced(const backhand_table *table, int id, size_t offset)
{
    return backhand_slot_number(&table->slots[id], offset);
}

const serverstat *backhand_table_stat(const backhand_table *table, int id)
{
    return &table->stats[id];
}

int backhand_table_usable(const backhand_table *table, int id, uint64_t generation)
{
    const backhand_slot *slot = slot_of(table, id);
    uint64_t got = slot ? backhand_acquire(&slot->generation) : 0;
    return got != 0 && got <= generation && !backhand_number_get(&slot->left);
}

int backhand_table_forgotten(const backhand_table *table, int id)
{
    const backhand_slot *slot = slot_of(table, id);
    return !slot || backhand_acquire(&slot->generation) == 0;
}

/* A policy wrote this mtime. */
static int is_older_by_wall(const backhand_table *table, const backhand_slot *slot, int64_t mtime, int64_t seconds)
{
    int64_t age = apr_time_sec(table->wall()) - mtime;
    return age > seconds && apr_time_from_sec(age) > backhand_slot_silence_limit(slot);
}

int backhand_table_older_at(const backhand_table *table, int id, int64_t seconds, apr_time_t now)
{
    const backhand_slot *slot = slot_of(table, id);
    int64_t mtime = slot ? backhand_number_get(&table->stats[id].mtime) : 0;
    int64_t age;

    if (mtime <= 0) {
        return 1;
    }
    if (mtime != backhand_number_get(&slot->mtime)) {
        return is_older_by_wall(table, slot, mtime, seconds);
    }
    age = now - backhand_number_get(&slot->heard);
    return age > apr_time_from_sec(seconds) && age > backhand_slot_silence_limit(slot);
}

int backhand_table_older(const backhand_table *table, int id, int64_t seconds)
{
    return backhand_table_older_at(table, id, seconds, table->now());
}

static apr_interval_time_t since(int64_t then, apr_time_t now)
{
    if (then == 0) {
        return -1;
    }
    return now > then ? now - then : 0;
}

apr_interval_time_t backhand_table_age(const backhand_table *table, int id, int64_t mtime, apr_time_t now)
{
    const backhand_slot *slot = &table->slots[id];
    int64_t wall;

    if (mtime <= 0) {
        return -1;
    }
    if (mtime == backhand_number_get(&slot->mtime)) {
        return since(backhand_number_get(&slot->heard), now);
    }
    wall = apr_time_sec(table->wall());
    return mtime < wall ? apr_time_from_sec(wall - mtime) : 0;
}

int backhand_table_left(const backhand_table *table, int id)
{
    return backhand_number_get(&table->slots[id].left) != 0;
}

int backhand_table_live(const backhand_table *table, int id)
{
    return !backhand_table_forgotten(table, id) && !backhand_table_left(table, id) && !backhand_table_silent(table, id);
}

int backhand_table_silent(const backhand_table *table, int id)
{
    const backhand_slot *slot = slot_of(table, id);
    int64_t heard = slot ? backhand_number_get(&slot->heard) : 0;
    return heard == 0 || table->now() - heard > backhand_slot_silence_limit(slot);
}

int backhand_table_answers(const backhand_table *table, int id)
{
    const backhand_slot *slot = slot_of(table, id);
    int64_t heard = slot ? backhand_number_get(&slot->report.heard) : 0;
    return heard != 0 && table->now() - heard <= backhand_slot_silence_limit(slot);
}

static int was_there(const backhand_slot *slot, apr_time_t now)
{
    int64_t heard = backhand_number_get(&slot->heard);
    int64_t silent = now - heard;
    return heard != 0 && !backhand_number_get(&slot->left) &&
           (silent <= apr_time_from_sec(SERVER_TIMEOUT) || silent <= backhand_slot_silence_limit(slot));
}

int backhand_table_deaf(const backhand_table *table)
{
    apr_time_t now = table->now();
    int used = backhand_table_used(table);
    int silent = 0;

    for (int id = 1; id < used; id++) {
        if (!was_there(&table->slots[id], now)) {
            continue;
        }
        if (!backhand_table_silent(table, id)) {
            return 0;
        }
        silent++;
    }
    return silent >= 2;
}

int64_t backhand_table_ready(const backhand_table *table, int id)
{
    const backhand_slot *slot = slot_of(table, id);
    int64_t announced;
    int64_t running;
    int64_t ready;

    if (!slot) {
        return 0;
    }
    announced = BACKHAND_ANNOUNCED(slot, stat.aservers);
    running = BACKHAND_ANNOUNCED(slot, stat.nservers);
    ready = announced - (backhand_number_get(&slot->sent) - backhand_number_get(&slot->returned) -
                         backhand_number_get(&slot->outstanding_heard));
    if (ready > announced && ready > running) {
        ready = running > announced ? running : announced;
    }
    return ready > 0 ? ready : 0;
}

int64_t backhand_table_sent_since(const backhand_table *table, int id)
{
    const backhand_slot *slot = slot_of(table, id);
    int64_t heard = slot ? backhand_number_get(&slot->sent_heard) : 0;
    int64_t since = slot ? backhand_number_get(&slot->sent) - heard : 0;
    return since > 0 ? since : 0;
}

int backhand_table_rival(const backhand_table *table, int id)
{
    const backhand_slot *slot = slot_of(table, id);
    int64_t heard = slot ? backhand_number_get(&slot->rival_heard) : 0;
    return heard != 0 && table->now() - heard <= backhand_number_get(&slot->rival_window);
}

void backhand_table_state(const backhand_table *table, int id, backhand_slot_state *out)
{
    const backhand_slot *slot = &table->slots[id];
    int64_t returned = backhand_number_get(&slot->returned), sent = backhand_number_get(&slot->sent);
    int64_t ours = sent - backhand_number_get(&slot->sent_first);

    out->left = backhand_table_left(table, id);
    out->heard = backhand_number_get(&slot->heard);
    out->sent = ours > 0 ? ours : 0;
    out->waiting = sent > returned ? sent - returned : 0;
    out->refused = backhand_number_get(&slot->refused);
    out->rival = backhand_table_rival(table, id) ? backhand_number_get(&slot->rival_heard) : 0;
    out->reported = backhand_number_get(&slot->report.heard);
    out->hop = backhand_number_get(&slot->hop);
}
