/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "status/rows.h"

#include "table/counters.h"
#include "table/process.h"
#include "table/view.h"

static apr_interval_time_t since(int64_t then, apr_time_t now)
{
    if (then == 0) {
        return -1;
    }
    return now > then ? now - then : 0;
}

/* Policies may have written what is no measure; what is counts by the newest word. Readers of a row add numbers up. */
static void read_figures(backhand_row *row, const backhand_table *table, int id)
{
    serverstat *stat = &row->announcement.stat;
    backhand_view view;
    int64_t inflight;

    backhand_figures_read(stat, backhand_table_stat(table, id));
    inflight = stat->inflight;
    backhand_table_view(table, id, &view);
    backhand_work_put(stat, &view.work);
    stat->inflight = inflight;
    backhand_figures_bound(stat);
}

int backhand_row_read(backhand_row *row, const backhand_table *table, int id, apr_time_t now)
{
    backhand_slot_state state;

    if (!backhand_table_read(table, id, &row->announcement, NULL)) {
        return 0;
    }
    backhand_table_state(table, id, &state);
    read_figures(row, table, id);
    row->id = id;
    row->state = backhand_table_row_state(table, id);
    row->lasts = since(backhand_table_state_since(table, id), now);
    row->changes = backhand_table_state_changes(table, id);
    row->age = backhand_table_age(table, id, row->announcement.stat.mtime, now);
    row->refused = since(state.refused, now);
    row->rival = since(state.rival, now);
    row->sent = state.sent;
    row->waiting = state.waiting;
    row->reported = since(state.reported, now);
    row->hop = state.hop > 0 ? state.hop : -1;
    backhand_table_outcomes(table, id, &row->outcomes);
    return 1;
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
    *at = (backhand_tally){.key = key, .label = label, .value = value};
    return at + 1;
}

static backhand_tally *add_now(backhand_tally *at, const char *key, const char *label, int64_t value)
{
    *at = (backhand_tally){.key = key, .label = label, .now = 1, .value = value};
    return at + 1;
}

int backhand_tallies_read(backhand_tally out[BACKHAND_TALLIES], const backhand_table *table)
{
    backhand_tally *at = out;
    int64_t serving, waiting;
    int reason;

    backhand_process_sum(table, &serving, &waiting);
    at = add_now(at, "Serving", "requests being served here", serving);
    at = add_now(at, "Waiting", "requests waiting for another server", waiting);
    at = add_now(at, "Tunnels", "of these, tunnels (WebSockets), open or asked for",
                 backhand_process_sum_waiting(table, BACKHAND_WAIT_TUNNEL));
    at = add(at, "Handed-Off", "requests answered by another server",
             backhand_table_counted(table, BACKHAND_COUNT_HANDED_OFF));
    at = add(at, "Received", "requests received from other servers",
             backhand_table_counted(table, BACKHAND_COUNT_RECEIVED));
    at = add(at, "Failed-Over", "tries that went on to another server",
             backhand_table_counted(table, BACKHAND_COUNT_FAILED_OVER));
    at = add(at, "Sessions-Here", "requests with a session of this server",
             backhand_table_counted(table, BACKHAND_COUNT_SESSION_HERE));
    at = add(at, "Sessions-Elsewhere", "requests answered by another server, the owner of their session",
             backhand_table_counted(table, BACKHAND_COUNT_SESSION_ELSEWHERE));
    at = add(at, "Sessions-Lost", "requests whose session moved because its owner was lost",
             backhand_table_counted(table, BACKHAND_COUNT_SESSION_LOST));
    at = add(at, "Sessions-Redirected", "requests redirected to the owner of their session",
             backhand_table_counted(table, BACKHAND_COUNT_SESSION_REDIRECTED));
    at = add(at, "Sessions-Refused", "requests refused because the owner of their session could not be asked",
             backhand_table_counted(table, BACKHAND_COUNT_SESSION_REFUSED));
    at = add(at, "Untrusted", "marked requests that were not believed",
             backhand_table_counted(table, BACKHAND_COUNT_UNTRUSTED));
    at = add(at, "Figures-Taken", "figures taken from responses of other servers",
             backhand_table_counted(table, BACKHAND_COUNT_REPORTS));
    at = add(at, "Figures-Ignored", "figures on responses that were ignored",
             backhand_table_counted(table, BACKHAND_COUNT_REPORTS_IGNORED));
    at = add(at, "Orders-Ignored", "announced orders that were not signed",
             backhand_table_counted(table, BACKHAND_COUNT_ORDERS_IGNORED));
    at = add(at, "Announced", "announcements sent", backhand_table_counted(table, BACKHAND_COUNT_ANNOUNCED));
    at = add(at, "Accepted", "announcements taken in", backhand_table_counted(table, BACKHAND_COUNT_ACCEPTED));
    at = add(at, "Nats-Lost", "messages of a NATS broker that were not taken in time",
             backhand_table_counted(table, BACKHAND_COUNT_BROKER_LOST));
    at = add(at, "Nats-Unsent", "messages that no NATS broker took",
             backhand_table_counted(table, BACKHAND_COUNT_BROKER_UNSENT));
    for (reason = BACKHAND_DROP_NONE + 1; reason < BACKHAND_DROP_REASONS; reason++) {
        at = add(at, backhand_drop_name(reason), drop_labels[reason], backhand_table_drops(table, reason));
        at[-1].dropped = 1;
    }
    return (int)(at - out);
}
