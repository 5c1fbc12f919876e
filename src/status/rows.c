/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "status/rows.h"

static apr_interval_time_t since(int64_t then, apr_time_t now)
{
    if (then == 0) {
        return -1;
    }
    return now > then ? now - then : 0;
}

/* A policy may have written mtime, anything that an int64_t holds; where nobody did the finer clock, which nobody sets,
 * tells the same story. */
static apr_interval_time_t age_of(const backhand_table *table, int id, int64_t mtime, apr_time_t now)
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

static void read_live_numbers(serverstat *out, const serverstat *live)
{
    const backhand_field *field;
    for (field = backhand_fields(); field->name; field++) {
        const int64_t *from = (const int64_t *)((const char *)live + field->offset);
        *(int64_t *)((char *)out + field->offset) = backhand_number_get(from);
    }
    out->inflight = backhand_number_get(&live->inflight);
    out->served = backhand_number_get(&live->served);
}

static backhand_row_state state_of(const backhand_table *table, int id, int64_t left)
{
    if (left) {
        return BACKHAND_ROW_LEFT;
    }
    return backhand_table_older(table, id, SERVER_TIMEOUT) ? BACKHAND_ROW_DEAD : BACKHAND_ROW_ALIVE;
}

static void read_work(backhand_row *row, const backhand_table *table, apr_time_t now)
{
    const backhand_slot *slot = &table->slots[row->id];
    int64_t hop = backhand_number_get(&slot->hop);

    backhand_table_view(table, row->id, &row->view);
    row->reported = since(backhand_number_get(&slot->report.heard), now);
    row->hop = hop > 0 ? hop : -1;
}

int backhand_row_read(backhand_row *row, const backhand_table *table, int id, apr_time_t now)
{
    const backhand_slot *slot = &table->slots[id];
    int64_t returned;

    if (!backhand_table_read(table, id, &row->announcement, NULL)) {
        return 0;
    }
    read_live_numbers(&row->announcement.stat, &table->stats[id]);
    row->id = id;
    row->state = state_of(table, id, backhand_number_get(&slot->left));
    row->age = age_of(table, id, row->announcement.stat.mtime, now);
    row->refused = since(backhand_number_get(&slot->refused), now);
    row->rival = backhand_table_rival(table, id) ? since(backhand_number_get(&slot->rival_heard), now) : -1;
    returned = backhand_number_get(&slot->returned);
    row->sent = backhand_number_get(&slot->sent);
    row->waiting = row->sent > returned ? row->sent - returned : 0;
    read_work(row, table, now);
    return 1;
}

const char *backhand_row_state_name(backhand_row_state state)
{
    switch (state) {
    case BACKHAND_ROW_DEAD:
        return "dead";
    case BACKHAND_ROW_LEFT:
        return "left";
    default:
        return "alive";
    }
}

static const char *const drop_labels[BACKHAND_DROP_REASONS] = {
    [BACKHAND_DROP_SENDER] = "sender not covered by AcceptStats",
    [BACKHAND_DROP_LENGTH] = "too long",
    [BACKHAND_DROP_TEXT] = "not printable ASCII",
    [BACKHAND_DROP_FORMAT] = "malformed, or another format number",
    [BACKHAND_DROP_KEYS] = "a key is missing",
    [BACKHAND_DROP_RANGE] = "a number out of range",
    [BACKHAND_DROP_CONTACT] = "contact not covered by AcceptStats",
    [BACKHAND_DROP_FARM] = "of another farm",
    [BACKHAND_DROP_OLD] = "older than one taken in before",
    [BACKHAND_DROP_FULL] = "no entry free (BackhandMaxServers)",
    [BACKHAND_DROP_SIGNATURE] = "not signed with a key of BackhandSecretFile",
    [BACKHAND_DROP_TIME] = "stamped too long ago or ahead (BackhandClockSkew)",
};

static backhand_tally *add(backhand_tally *at, const char *key, const char *label, int64_t value)
{
    at->key = key;
    at->label = label;
    at->dropped = 0;
    at->value = value;
    return at + 1;
}

int backhand_tallies_read(backhand_tally out[BACKHAND_TALLIES], const backhand_table *table)
{
    const backhand_counters *counters = table->counters;
    backhand_tally *at = out;
    int64_t serving, waiting;
    int reason;

    backhand_process_sum(table, &serving, &waiting);
    at = add(at, "Serving", "requests being served here", serving);
    at = add(at, "Waiting", "requests waiting for another server", waiting);
    at = add(at, "Handed-Off", "requests answered by another server", backhand_number_get(&counters->handed_off));
    at = add(at, "Received", "requests received from other servers", backhand_number_get(&counters->received));
    at = add(at, "Failed-Over", "tries that went on to another server", backhand_number_get(&counters->failed_over));
    at = add(at, "Untrusted", "marked requests that were not believed", backhand_number_get(&counters->untrusted));
    at = add(at, "Figures-Taken", "figures taken from responses of other servers",
             backhand_number_get(&counters->reports));
    at = add(at, "Figures-Ignored", "figures on responses that were ignored",
             backhand_number_get(&counters->reports_bad));
    at = add(at, "Announced", "announcements sent", backhand_number_get(&counters->announced));
    at = add(at, "Accepted", "announcements taken in", backhand_number_get(&counters->accepted));
    for (reason = BACKHAND_DROP_NONE + 1; reason < BACKHAND_DROP_REASONS; reason++) {
        at = add(at, backhand_drop_name(reason), drop_labels[reason], backhand_number_get(&counters->dropped[reason]));
        at[-1].dropped = 1;
    }
    return (int)(at - out);
}
