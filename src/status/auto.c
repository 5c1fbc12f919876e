/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "announce/check/health.h"
#include "status/rows.h"
#include "status/formats.h"
#include "table/link.h"
#include "table/skewed.h"

#include <http_protocol.h>

#include <inttypes.h>

static void text_line(request_rec *r, const char *key, const char *text)
{
    ap_rvputs(r, key, ": ", backhand_status_plain(r, text), "\n", NULL);
}

static void server_text(request_rec *r, int id, const char *key, const char *text)
{
    ap_rprintf(r, "Server-%d-%s: %s\n", id, key, backhand_status_plain(r, text));
}

static void server_number(request_rec *r, int id, const char *key, int64_t number)
{
    ap_rprintf(r, "Server-%d-%s: %" PRId64 "\n", id, key, number);
}

static void server_decimal(request_rec *r, int id, const char *key, double number)
{
    ap_rprintf(r, "Server-%d-%s: %.3f\n", id, key, number);
}

/* Leaves out a time span that never began: no number would be true. */
static void server_span(request_rec *r, int id, const char *key, apr_interval_time_t span)
{
    if (span >= 0) {
        server_decimal(r, id, key, (double)span / APR_USEC_PER_SEC);
    }
}

static void print_box(request_rec *r, const backhand_config *conf)
{
    backhand_status_box box;

    backhand_status_box_fill(&box, r, conf);
    text_line(r, "Machine", box.machine);
    text_line(r, "Httpd-Version", ap_get_server_description());
    text_line(r, "Httpd-Built", ap_get_server_built());
    text_line(r, "Backhand-Version", BACKHAND_VERSION);
    text_line(r, "Viewer", box.viewer);
    text_line(r, "Farm", conf->farm);
    if (conf->zone) {
        text_line(r, "Zone", conf->zone);
    }
    text_line(r, "Hostname", conf->hostname);
    text_line(r, "Contact", box.contact);
    ap_rprintf(r, "Interval-Ms: %" PRId64 "\n", (int64_t)apr_time_as_msec(conf->interval));
}

/* The last announcement, also of a server that is dead now. */
static void print_down(request_rec *r, const backhand_row *row)
{
    char text[BACKHAND_HEALTH_TEXT];
    if (row->announcement.stat.down > 0) {
        server_number(r, row->id, "Down-For", row->announcement.stat.down);
        server_number(r, row->id, "Down-Code", row->announcement.stat.why);
        server_text(r, row->id, "Down-Why", backhand_health_text(row->announcement.stat.why, text));
    }
}

static void print_figures(request_rec *r, const backhand_row *row)
{
    for (int i = 0; i < BACKHAND_FIGURES; i++) {
        const backhand_figure *figure = &backhand_figures[i];
        int64_t number = backhand_figure_get(&row->announcement.stat, figure);
        if (*figure->label && figure->scale > 1) {
            server_decimal(r, row->id, figure->label, (double)number / figure->scale);
        }
        else if (*figure->label) {
            server_number(r, row->id, figure->label, number);
        }
    }
}

static void print_row(request_rec *r, const backhand_row *row)
{
    const serverstat *stat = &row->announcement.stat;
    int id = row->id;

    server_text(r, id, "Hostname", stat->hostname);
    server_text(r, id, "Contact", stat->contact);
    if (*row->announcement.zone) {
        server_text(r, id, "Zone", row->announcement.zone);
    }
    server_text(r, id, "State", backhand_row_state_name(row->state));
    server_span(r, id, "Age", row->age);
    print_figures(r, row);
    print_down(r, row);
    if (row->hop >= 0) {
        server_decimal(r, id, "Hop-Ms", (double)row->hop / 1000);
    }
    server_span(r, id, "Figures-Ago", row->reported);
    server_number(r, id, "Sent", row->sent);
    server_number(r, id, "Sent-Waiting", row->waiting);
    server_span(r, id, "Refused-Ago", row->refused);
    server_span(r, id, "Rival-Ago", row->rival);
}

static void print_skewed(request_rec *r, const backhand_table *table)
{
    backhand_skewed skewed;
    int n = 0;
    for (int i = 0; i < BACKHAND_SKEWED; i++) {
        if (backhand_skewed_read(&skewed, table, i)) {
            ap_rprintf(r, "Skewed-%d-Hostname: %s\n", n, backhand_status_plain(r, skewed.hostname));
            ap_rprintf(r, "Skewed-%d-Contact: %s\n", n, backhand_status_plain(r, skewed.contact));
            ap_rprintf(r, "Skewed-%d-Ahead: %.3f\n", n, (double)skewed.ahead / 1000);
            n++;
        }
    }
}

static void print_link(request_rec *r, const backhand_table *table)
{
    backhand_link link;
    if (backhand_link_read(&link, table)) {
        ap_rprintf(r, "Nats-Connected: %" PRId64 "\nNats-Broker: %s\n", link.connected,
                   backhand_status_plain(r, link.broker));
    }
}

static void print_tallies(request_rec *r, const backhand_table *table)
{
    backhand_tally tallies[BACKHAND_TALLIES];
    int n = backhand_tallies_read(tallies, table);
    int i;

    for (i = 0; i < n; i++) {
        ap_rprintf(r, "%s%s: %" PRId64 "\n", tallies[i].dropped ? "Dropped-" : "", tallies[i].key, tallies[i].value);
    }
}

void backhand_status_auto(request_rec *r, const backhand_config *conf)
{
    const backhand_table *table = conf->table;
    backhand_filter filter;
    backhand_row row;
    int used, id;

    print_box(r, conf);
    if (!table) {
        ap_rputs("Servers: 0\n", r);
        return;
    }
    used = backhand_table_used(table);
    ap_rprintf(r, "Servers: %d\nServers-Max: %d\n", used, backhand_table_max(table));
    print_link(r, table);
    print_tallies(r, table);
    backhand_status_filter(&filter, r);
    for (id = 0; id < used; id++) {
        if (backhand_row_read(&row, table, id, backhand_table_now(table)) && backhand_filter_passes(&filter, &row)) {
            print_row(r, &row);
        }
    }
    print_skewed(r, table);
}
