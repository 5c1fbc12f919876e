/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "status/json.h"

#include "announce/check/health.h"
#include "conditions/conditions.h"
#include "status/rows.h"
#include "table/link.h"
#include "table/skewed.h"
#include "table/wall.h"
#include "table/zones.h"
#include "walk/reason.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define MICROS APR_USEC_PER_SEC
#define MILLIS 1000

/* --- members ----------------------------------------------------------------------------------------------------- */

/* Writes the name of a member, after a comma unless it is the first of its object. */
static void name_member(const backhand_out *out, int *first, const char *name)
{
    backhand_out_text(out, *first ? "" : ",");
    *first = 0;
    backhand_out_json(out, name);
    backhand_out_text(out, ":");
}

static void text(const backhand_out *out, int *first, const char *name, const char *value)
{
    name_member(out, first, name);
    backhand_out_json(out, value);
}

/* A text that is null when it is empty. */
static void optional_text(const backhand_out *out, int *first, const char *name, const char *value)
{
    text(out, first, name, value && *value ? value : NULL);
}

static void number(const backhand_out *out, int *first, const char *name, int64_t value)
{
    name_member(out, first, name);
    backhand_out_number(out, value);
}

/* A number that is null when it is negative: not known, or it never happened. */
static void known(const backhand_out *out, int *first, const char *name, int64_t value, int64_t divisor)
{
    name_member(out, first, name);
    if (value < 0) {
        backhand_out_text(out, "null");
    }
    else {
        backhand_out_decimal(out, value, divisor);
    }
}

static void open_object(const backhand_out *out, int *first, const char *name)
{
    name_member(out, first, name);
    backhand_out_text(out, "{");
    *first = 1;
}

static void close_object(const backhand_out *out, int *first)
{
    backhand_out_text(out, "}");
    *first = 0;
}

static void write_histogram(const backhand_out *out, int *first, const char *name, const backhand_histogram *histogram,
                            const int64_t bounds[BACKHAND_BUCKET_BOUNDS])
{
    open_object(out, first, name);
    name_member(out, first, "bounds");
    for (int i = 0; i < BACKHAND_BUCKET_BOUNDS; i++) {
        backhand_out_text(out, i == 0 ? "[" : ",");
        backhand_out_decimal(out, bounds[i], MICROS);
    }
    backhand_out_text(out, "]");
    name_member(out, first, "buckets");
    for (int i = 0; i < BACKHAND_BUCKETS; i++) {
        backhand_out_text(out, i == 0 ? "[" : ",");
        backhand_out_number(out, histogram->buckets[i]);
    }
    backhand_out_text(out, "]");
    number(out, first, "count", backhand_histogram_count(histogram));
    known(out, first, "sum", histogram->sum, MICROS);
    known(out, first, "p50", (int64_t)backhand_histogram_quantile(histogram, bounds, 0.5), MICROS);
    known(out, first, "p95", (int64_t)backhand_histogram_quantile(histogram, bounds, 0.95), MICROS);
    known(out, first, "p99", (int64_t)backhand_histogram_quantile(histogram, bounds, 0.99), MICROS);
    close_object(out, first);
}

/* --- this server ------------------------------------------------------------------------------------------------- */

static void write_self(const backhand_out *out, int *first, const backhand_facts *facts)
{
    const backhand_table *table = facts->table;

    open_object(out, first, "self");
    text(out, first, "machine", facts->machine);
    text(out, first, "httpd_version", facts->httpd_version);
    text(out, first, "httpd_built", facts->httpd_built);
    text(out, first, "backhand_version", BACKHAND_VERSION);
    text(out, first, "viewer", facts->viewer);
    text(out, first, "farm", facts->farm);
    optional_text(out, first, "zone", facts->zone);
    text(out, first, "hostname", facts->hostname);
    text(out, first, "contact", facts->contact);
    known(out, first, "interval", facts->interval, MICROS);
    known(out, first, "time", table ? backhand_table_wall_shown(table) : -1, MICROS);
    known(out, first, "servers_max", table ? backhand_table_max(table) : -1, 1);
    known(out, first, "workers", facts->workers, 1);
    known(out, first, "max_handoffs", facts->max_handoffs, 1);
    known(out, first, "max_session_handoffs", facts->max_session_handoffs, 1);
    known(out, first, "max_tunnels", facts->max_tunnels, 1);
    text(out, first, "error", table ? NULL : BACKHAND_NO_TABLE);
    close_object(out, first);
}

/* --- servers ----------------------------------------------------------------------------------------------------- */

static void write_figures(const backhand_out *out, int *first, const serverstat *stat)
{
    char why[BACKHAND_HEALTH_TEXT];

    for (int i = 0; i < BACKHAND_FIGURES; i++) {
        number(out, first, backhand_figures[i].field.name, backhand_figure_get(stat, &backhand_figures[i]));
    }
    text(out, first, "down_text", stat->down > 0 ? backhand_health_text(stat->why, why) : NULL);
}

static void write_outcomes(const backhand_out *out, int *first, const backhand_outcomes *outcomes)
{
    open_object(out, first, "outcomes");
    for (int i = 0; i < BACKHAND_OUTCOMES; i++) {
        number(out, first, backhand_outcome_name(i), outcomes->tries[i]);
    }
    close_object(out, first);
    number(out, first, "retried", outcomes->retried);
    write_histogram(out, first, "handoff", &outcomes->took, backhand_request_bounds);
}

static void write_server(const backhand_out *out, const backhand_row *row, apr_time_t wall)
{
    const serverstat *stat = &row->announcement.stat;
    int first = 1;

    backhand_out_text(out, "{");
    number(out, &first, "id", row->id);
    text(out, &first, "hostname", stat->hostname);
    text(out, &first, "contact", stat->contact);
    text(out, &first, "farm", row->announcement.farm);
    optional_text(out, &first, "zone", row->announcement.zone);
    text(out, &first, "state", backhand_row_state_name(row->state));
    known(out, &first, "since", row->lasts < 0 ? -1 : wall - row->lasts, MICROS);
    number(out, &first, "state_changes", row->changes);
    known(out, &first, "age", row->age, MICROS);
    known(out, &first, "interval", row->announcement.interval, MILLIS);
    write_figures(out, &first, stat);
    known(out, &first, "hop", row->hop, MICROS);
    known(out, &first, "figures_ago", row->reported, MICROS);
    number(out, &first, "sent", row->sent);
    number(out, &first, "waiting", row->waiting);
    known(out, &first, "refused_ago", row->refused, MICROS);
    known(out, &first, "rival_ago", row->rival, MICROS);
    write_outcomes(out, &first, &row->outcomes);
    backhand_out_text(out, "}");
}

static void write_servers(const backhand_out *out, int *first, const backhand_facts *facts)
{
    const backhand_table *table = facts->table;
    int used = table ? backhand_table_used(table) : 0, written = 0;
    backhand_row row;

    name_member(out, first, "servers");
    backhand_out_text(out, "[");
    for (int id = 0; id < used; id++) {
        if (backhand_row_read(&row, table, id, backhand_table_now(table)) &&
            backhand_filter_passes(&facts->filter, &row)) {
            backhand_out_text(out, written++ ? ",\n" : "\n");
            write_server(out, &row, backhand_table_wall_shown(table));
        }
    }
    backhand_out_text(out, "]");
}

/* --- counts ------------------------------------------------------------------------------------------------------ */

static void write_reasons(const backhand_out *out, int *first, const backhand_table *table)
{
    open_object(out, first, "reasons");
    for (int i = 0; i < BACKHAND_REASONS; i++) {
        number(out, first, backhand_reason_text(i), backhand_table_decisions(table, i));
    }
    close_object(out, first);
}

/* `Handed-Off` of ?auto is `handed_off` here. */
static void write_tally(const backhand_out *out, int *first, const backhand_tally *tally)
{
    char name[32];
    size_t n = 0;

    for (; n < sizeof(name) - 1 && tally->key[n]; n++) {
        name[n] = tally->key[n] == '-' ? '_' : (char)tolower((unsigned char)tally->key[n]);
    }
    name[n] = '\0';
    number(out, first, tally->dropped ? tally->key : name, tally->value);
}

static void write_tallies(const backhand_out *out, int *first, const backhand_table *table)
{
    backhand_tally tallies[BACKHAND_TALLIES];
    int n = backhand_tallies_read(tallies, table);

    for (int dropped = 0; dropped <= 1; dropped++) {
        open_object(out, first, dropped ? "drops" : "tallies");
        for (int i = 0; i < n; i++) {
            if (tallies[i].dropped == dropped) {
                write_tally(out, first, &tallies[i]);
            }
        }
        close_object(out, first);
    }
}

static void write_histograms(const backhand_out *out, int *first, const backhand_table *table)
{
    backhand_histogram histogram;

    open_object(out, first, "histograms");
    backhand_table_decision_times(table, &histogram);
    write_histogram(out, first, "decision", &histogram, backhand_decision_bounds);
    backhand_table_served_times(table, &histogram);
    write_histogram(out, first, "served", &histogram, backhand_request_bounds);
    close_object(out, first);
}

static void write_skewed(const backhand_out *out, int *first, const backhand_table *table)
{
    backhand_skewed skewed;
    int written = 0, inner;

    name_member(out, first, "skewed");
    backhand_out_text(out, "[");
    for (int i = 0; i < BACKHAND_SKEWED; i++) {
        if (backhand_skewed_read(&skewed, table, i)) {
            backhand_out_text(out, written++ ? ",{" : "{");
            inner = 1;
            text(out, &inner, "hostname", skewed.hostname);
            text(out, &inner, "contact", skewed.contact);
            name_member(out, &inner, "ahead");
            backhand_out_decimal(out, skewed.ahead, MILLIS);
            backhand_out_text(out, "}");
        }
    }
    backhand_out_text(out, "]");
}

static void write_zones(const backhand_out *out, int *first, const backhand_table *table)
{
    backhand_zone_sum zones[BACKHAND_ZONES_MAX];
    int n = backhand_zones_read(zones, table), inner;

    name_member(out, first, "zones");
    backhand_out_text(out, "[");
    for (int i = 0; i < n; i++) {
        backhand_out_text(out, i > 0 ? ",{" : "{");
        inner = 1;
        text(out, &inner, "zone", zones[i].zone);
        number(out, &inner, "representatives", zones[i].representatives);
        number(out, &inner, "servers", zones[i].servers);
        number(out, &inner, "ready", zones[i].ready);
        number(out, &inner, "busy", zones[i].busy);
        backhand_out_text(out, "}");
    }
    backhand_out_text(out, "]");
}

/* null without BackhandTransport. */
static void write_link(const backhand_out *out, int *first, const backhand_table *table)
{
    backhand_link link;

    if (!backhand_link_read(&link, table)) {
        text(out, first, "nats", NULL);
        return;
    }
    open_object(out, first, "nats");
    name_member(out, first, "connected");
    backhand_out_text(out, link.connected ? "true" : "false");
    text(out, first, "broker", *link.broker ? link.broker : NULL);
    close_object(out, first);
}

static void write_condition(const backhand_out *out, const backhand_condition *condition, apr_time_t since)
{
    int first = 1;

    backhand_out_text(out, "{");
    text(out, &first, "name", condition->name);
    text(out, &first, "severity", backhand_severity_name(condition->severity));
    known(out, &first, "id", condition->id, 1);
    optional_text(out, &first, "subject", condition->subject);
    known(out, &first, "since", since, MICROS);
    text(out, &first, "text", condition->text);
    text(out, &first, "remedy", condition->remedy);
    backhand_out_text(out, "}");
}

/* The list is too long for the stack of a thread. */
static void write_conditions(const backhand_out *out, int *first, const backhand_table *table)
{
    backhand_condition *conditions = malloc(BACKHAND_CONDITIONS * sizeof(*conditions));
    int n = conditions ? backhand_conditions_read(conditions, table) : 0;
    apr_time_t booted = backhand_table_wall_shown(table) - backhand_table_now(table);

    name_member(out, first, "conditions");
    backhand_out_text(out, "[");
    for (int i = 0; i < n; i++) {
        backhand_out_text(out, i > 0 ? ",\n" : "\n");
        write_condition(out, &conditions[i], booted + conditions[i].since);
    }
    free(conditions);
    backhand_out_text(out, "]");
}

void backhand_json_write(const backhand_out *out, const backhand_facts *facts)
{
    const backhand_table *table = facts->table;
    int first = 1;

    backhand_out_text(out, "{");
    number(out, &first, "version", BACKHAND_JSON_VERSION);
    write_self(out, &first, facts);
    write_servers(out, &first, facts);
    if (table) {
        write_link(out, &first, table);
        write_reasons(out, &first, table);
        write_tallies(out, &first, table);
        write_histograms(out, &first, table);
        write_zones(out, &first, table);
        write_skewed(out, &first, table);
        write_conditions(out, &first, table);
    }
    backhand_out_text(out, "}\n");
}
