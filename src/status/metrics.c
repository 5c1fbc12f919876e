/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "status/metrics.h"

#include "conditions/conditions.h"
#include "status/server_metrics.h"
#include "table/link.h"
#include "table/skewed.h"
#include "table/wall.h"
#include "table/zones.h"
#include "walk/reason.h"

#include <apr_strings.h>

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define GAUGE     BACKHAND_METRIC_GAUGE
#define COUNTER   BACKHAND_METRIC_COUNTER
#define HISTOGRAM BACKHAND_METRIC_HISTOGRAM

#define MICROS APR_USEC_PER_SEC
#define MILLIS 1000

static const backhand_label none[] = {{NULL, NULL}};

int backhand_metrics_wants_open(const char *accept)
{
    static const char type[] = "application/openmetrics-text";
    const char *at = accept ? strstr(accept, type) : NULL;
    const char *weight;
    size_t length;

    if (!at) {
        return 0;
    }
    at += sizeof(type) - 1;
    length = strcspn(at, ",");
    weight = strstr(at, "q=");
    /* A weight of 0 means: never this one. */
    return !weight || weight >= at + length || strspn(weight + 2, "0.") != strcspn(weight + 2, ",; ");
}

static void single(backhand_metric *metric, backhand_metric_kind kind, const char *name, const char *help,
                   int64_t number, int64_t divisor)
{
    if (number >= 0) {
        backhand_metric_begin(metric, kind, name, help);
        backhand_metric_sample(metric, none, number, divisor);
    }
}

static void write_build(backhand_metric *metric, const backhand_facts *facts)
{
    backhand_label labels[] = {
        {"version", BACKHAND_VERSION}, {"httpd", facts->httpd_version ? facts->httpd_version : ""}, {NULL, NULL}};

    backhand_metric_begin(metric, BACKHAND_METRIC_INFO, "backhand_build", "Versions of mod_backhand and httpd");
    backhand_metric_sample(metric, labels, 1, 1);
}

static void write_limits(backhand_metric *metric, const backhand_facts *facts)
{
    const int64_t limits[] = {facts->max_handoffs, facts->max_session_handoffs, facts->max_tunnels};
    static const char *const names[] = {"handoffs", "session-handoffs", "tunnels"};

    single(metric, GAUGE, "backhand_interval_seconds", "How often this server announces itself", facts->interval,
           MICROS);
    single(metric, GAUGE, "backhand_servers_limit", "Entries of the table", backhand_table_max(facts->table), 1);
    single(metric, GAUGE, "backhand_workers_limit", "Workers that httpd may run", facts->workers, 1);
    backhand_metric_begin(metric, GAUGE, "backhand_waiting_limit",
                          "Requests that may wait for other servers at once, by the directives");
    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        backhand_label labels[] = {{"kind", names[i]}, {NULL, NULL}};
        if (limits[i] >= 0) {
            backhand_metric_sample(metric, labels, limits[i], 1);
        }
    }
}

static void write_link(backhand_metric *metric, const backhand_table *table)
{
    backhand_link link;

    if (backhand_link_read(&link, table)) {
        backhand_label labels[] = {{"broker", link.broker}, {NULL, NULL}};
        backhand_metric_begin(metric, GAUGE, "backhand_nats_connected", "1: this server is connected to a NATS broker");
        backhand_metric_sample(metric, labels, link.connected, 1);
    }
}

/* `Handed-Off` of ?auto is backhand_handed_off_total here. */
static void write_tally(backhand_metric *metric, const backhand_tally *tally)
{
    char name[64] = "backhand_";
    size_t n = strlen(name);

    for (const char *key = tally->key; *key && n < sizeof(name) - 1; key++) {
        name[n++] = *key == '-' ? '_' : (char)tolower((unsigned char)*key);
    }
    name[n] = '\0';
    single(metric, tally->now ? GAUGE : COUNTER, name, tally->label, tally->value, 1);
}

static void write_tallies(backhand_metric *metric, const backhand_table *table)
{
    backhand_tally tallies[BACKHAND_TALLIES];
    int n = backhand_tallies_read(tallies, table);

    for (int i = 0; i < n; i++) {
        if (!tallies[i].dropped) {
            write_tally(metric, &tallies[i]);
        }
    }
    backhand_metric_begin(metric, COUNTER, "backhand_announcements_dropped", "Announcements dropped, by reason");
    for (int i = 0; i < n; i++) {
        backhand_label labels[] = {{"reason", tallies[i].key}, {NULL, NULL}};
        if (tallies[i].dropped) {
            backhand_metric_sample(metric, labels, tallies[i].value, 1);
        }
    }
}

static void write_decisions(backhand_metric *metric, const backhand_table *table)
{
    backhand_histogram times;

    backhand_metric_begin(metric, COUNTER, "backhand_decisions", "Decisions of this server, by reason");
    for (int i = 0; i < BACKHAND_REASONS; i++) {
        backhand_label labels[] = {{"reason", backhand_reason_text(i)}, {NULL, NULL}};
        backhand_metric_sample(metric, labels, backhand_table_decisions(table, i), 1);
    }
    backhand_metric_begin(metric, HISTOGRAM, "backhand_decision_seconds", "Time that chains took to decide");
    backhand_table_decision_times(table, &times);
    backhand_metric_histogram(metric, none, &times, backhand_decision_bounds);
    backhand_metric_begin(metric, HISTOGRAM, "backhand_served_seconds",
                          "Time to serve requests here that chains left to this server or others handed here");
    backhand_table_served_times(table, &times);
    backhand_metric_histogram(metric, none, &times, backhand_request_bounds);
}

static void write_skewed(backhand_metric *metric, const backhand_table *table)
{
    backhand_skewed skewed;

    backhand_metric_begin(metric, GAUGE, "backhand_skewed_clock_seconds",
                          "By how much the clock of a server is ahead that is not believed for its time");
    for (int i = 0; i < BACKHAND_SKEWED; i++) {
        if (backhand_skewed_read(&skewed, table, i)) {
            backhand_label labels[] = {{"server", skewed.contact}, {"hostname", skewed.hostname}, {NULL, NULL}};
            backhand_metric_sample(metric, labels, skewed.ahead, MILLIS);
        }
    }
}

/* How many of the conditions have the name of `conditions[i]`; 0: one before has it. */
static int count_same(const backhand_condition *conditions, int n, int i)
{
    int same = 0;

    for (int at = 0; at < n; at++) {
        if (strcmp(conditions[at].name, conditions[i].name) == 0) {
            if (at < i) {
                return 0;
            }
            same++;
        }
    }
    return same;
}

/* The list is too long for the stack of a thread. */
static void write_conditions(backhand_metric *metric, const backhand_table *table)
{
    backhand_condition *conditions = malloc(BACKHAND_CONDITIONS * sizeof(*conditions));
    int n = conditions ? backhand_conditions_read(conditions, table) : 0;

    backhand_metric_begin(metric, GAUGE, "backhand_conditions", "Conditions that an operator should know of, by name");
    for (int i = 0; i < n; i++) {
        int same = count_same(conditions, n, i);
        backhand_label labels[] = {{"condition", conditions[i].name},
                                   {"severity", backhand_severity_name(conditions[i].severity)},
                                   {NULL, NULL}};
        if (same > 0) {
            backhand_metric_sample(metric, labels, same, 1);
        }
    }
    free(conditions);
}

/* A server that had this server's contact before it would have the same labels. */
static int is_shadowed(const char *own, const backhand_row *row)
{
    return row->id != 0 && strcmp(own, row->announcement.stat.contact) == 0;
}

/* A number of each zone; `offset`: of it in a backhand_zone_sum. */
static void write_zone_numbers(backhand_metric *metric, const backhand_zone_sum *zones, int n, size_t offset)
{
    for (int at = 0; at < n; at++) {
        const backhand_label labels[] = {{"zone", zones[at].zone}, {NULL, NULL}};
        int64_t value;
        memcpy(&value, (const char *)&zones[at] + offset, sizeof(value));
        backhand_metric_sample(metric, labels, value, 1);
    }
}

static void write_zones(backhand_metric *metric, const backhand_table *table)
{
    backhand_zone_sum zones[BACKHAND_ZONES_MAX];
    int n = backhand_zones_read(zones, table);

    backhand_metric_begin(metric, GAUGE, "backhand_zone_representatives",
                          "Servers by which another zone is known here");
    write_zone_numbers(metric, zones, n, offsetof(backhand_zone_sum, representatives));
    backhand_metric_begin(metric, GAUGE, "backhand_zone_servers", "Servers of another zone that take requests");
    write_zone_numbers(metric, zones, n, offsetof(backhand_zone_sum, servers));
    backhand_metric_begin(metric, GAUGE, "backhand_zone_workers_ready", "Their workers that are ready for a request");
    write_zone_numbers(metric, zones, n, offsetof(backhand_zone_sum, ready));
    backhand_metric_begin(metric, GAUGE, "backhand_zone_workers_busy", "Their other running workers");
    write_zone_numbers(metric, zones, n, offsetof(backhand_zone_sum, busy));
}

static void write_servers(backhand_metric *metric, const backhand_facts *facts)
{
    const backhand_table *table = facts->table;
    int used = backhand_table_used(table), n = 0;
    char own[BACKHAND_CONTACT_SIZE] = "";
    backhand_row *rows = malloc((size_t)used * sizeof(*rows));

    if (!rows) {
        return;
    }
    for (int id = 0; id < used; id++) {
        if (!backhand_row_read(&rows[n], table, id, backhand_table_now(table))) {
            continue;
        }
        if (id == 0) {
            apr_cpystrn(own, rows[n].announcement.stat.contact, sizeof(own));
        }
        if (!is_shadowed(own, &rows[n]) && backhand_filter_passes(&facts->filter, &rows[n])) {
            n++;
        }
    }
    backhand_server_metrics_write(metric, rows, n, backhand_table_wall_shown(table));
    free(rows);
}

void backhand_metrics_write(const backhand_out *out, const backhand_facts *facts, int open_metrics)
{
    backhand_metric metric = {.out = out, .open_metrics = open_metrics};
    const backhand_table *table = facts->table;

    write_build(&metric, facts);
    single(&metric, GAUGE, "backhand_table_present", table ? "1: there is a table of servers" : BACKHAND_NO_TABLE,
           table != NULL, 1);
    if (table) {
        write_limits(&metric, facts);
        write_link(&metric, table);
        write_tallies(&metric, table);
        write_decisions(&metric, table);
        write_conditions(&metric, table);
        write_servers(&metric, facts);
        write_zones(&metric, table);
        write_skewed(&metric, table);
    }
    if (open_metrics) {
        backhand_out_text(out, "# EOF\n");
    }
}
