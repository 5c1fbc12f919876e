/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "status/section.h"

#include "status/formats.h"
#include "status/rows.h"

#include <http_protocol.h>

#include <inttypes.h>
#include <mod_status.h>

/* A large farm must not drown the rest of the page. */
#define SERVERS_SHOWN 32

typedef struct summary {
    int servers;
    int in_state[BACKHAND_ROW_STATES];
} summary;

static void sum_up(summary *sum, const backhand_table *table)
{
    int used = backhand_table_used(table);

    *sum = (summary){0};
    for (int id = 0; id < used; id++) {
        if (!backhand_table_forgotten(table, id)) {
            sum->servers++;
            sum->in_state[backhand_table_row_state(table, id)]++;
        }
    }
}

/* Calls `print` for the first servers. @return how many there were */
static int each_server(request_rec *r, const backhand_table *table, void (*print)(request_rec *, const backhand_row *))
{
    int used = backhand_table_used(table), shown = 0;
    backhand_row row;

    for (int id = 0; id < used && shown < SERVERS_SHOWN; id++) {
        if (backhand_row_read(&row, table, id, backhand_table_now(table))) {
            print(r, &row);
            shown++;
        }
    }
    return shown;
}

/* --- lines of key: value ------------------------------------------------------------------------------------------ */

static void print_lines(request_rec *r, const backhand_row *row)
{
    const serverstat *stat = &row->announcement.stat;

    ap_rprintf(r, "BackhandServer[%d]Hostname: %s\n", row->id, backhand_status_plain(r, stat->hostname));
    ap_rprintf(r, "BackhandServer[%d]Contact: %s\n", row->id, backhand_status_plain(r, stat->contact));
    ap_rprintf(r, "BackhandServer[%d]State: %s\n", row->id, backhand_row_state_name(row->state));
    ap_rprintf(r, "BackhandServer[%d]Ready: %" PRId64 "\n", row->id, stat->aservers);
    ap_rprintf(r, "BackhandServer[%d]Workers: %" PRId64 "\n", row->id, stat->nservers);
    ap_rprintf(r, "BackhandServer[%d]InFlight: %" PRId64 "\n", row->id, stat->inflight);
    ap_rprintf(r, "BackhandServer[%d]Sent: %" PRId64 "\n", row->id, row->sent);
    ap_rprintf(r, "BackhandServer[%d]Waiting: %" PRId64 "\n", row->id, row->waiting);
}

/* `Handed-Off` of the status page's ?auto is BackhandHandedOff here. */
static void print_tally(request_rec *r, const backhand_tally *tally)
{
    ap_rputs("Backhand", r);
    for (const char *key = tally->key; *key; key++) {
        if (*key != '-') {
            ap_rputc(*key, r);
        }
    }
    ap_rprintf(r, ": %" PRId64 "\n", tally->value);
}

static void print_short(request_rec *r, const backhand_config *conf)
{
    backhand_tally tallies[BACKHAND_TALLIES];
    int n = backhand_tallies_read(tallies, conf->table);
    int64_t dropped = 0;
    summary sum;

    sum_up(&sum, conf->table);
    ap_rprintf(r, "BackhandServers: %d\nBackhandAlive: %d\nBackhandDead: %d\nBackhandLeft: %d\nBackhandDown: %d\n",
               sum.servers, sum.in_state[BACKHAND_ROW_ALIVE], sum.in_state[BACKHAND_ROW_DEAD],
               sum.in_state[BACKHAND_ROW_LEFT], sum.in_state[BACKHAND_ROW_DOWN]);
    for (int i = 0; i < n; i++) {
        if (tallies[i].dropped) {
            dropped += tallies[i].value;
        }
        else {
            print_tally(r, &tallies[i]);
        }
    }
    ap_rprintf(r, "BackhandDropped: %" PRId64 "\n", dropped);
    (void)each_server(r, conf->table, print_lines);
}

/* --- HTML --------------------------------------------------------------------------------------------------------- */

static const char *escape(request_rec *r, const char *text)
{
    return ap_escape_html(r->pool, backhand_status_plain(r, text));
}

static void print_row(request_rec *r, const backhand_row *row)
{
    const serverstat *stat = &row->announcement.stat;

    ap_rprintf(r, "<tr><td>%d</td><td>%s</td><td>%s%s</td><td>%s</td>", row->id, escape(r, stat->hostname),
               backhand_row_state_name(row->state), row->id == 0 ? ", this server" : "", escape(r, stat->contact));
    ap_rprintf(r, "<td>%" PRId64 "/%" PRId64 "</td><td>%" PRId64 "</td><td>%" PRId64 " [%" PRId64 "]</td></tr>\n",
               stat->aservers, stat->nservers, stat->inflight, row->sent, row->waiting);
}

static void print_table(request_rec *r, const backhand_table *table, const summary *sum)
{
    int shown;

    ap_rputs("<table border=\"0\"><tr><th>Entry</th><th>Hostname</th><th>State</th><th>Address</th>"
             "<th>Ready/total</th><th>In flight</th><th>Sent from here [waiting]</th></tr>\n",
             r);
    shown = each_server(r, table, print_row);
    ap_rputs("</table>\n", r);
    if (shown < sum->servers) {
        ap_rprintf(r, "<p>%d more servers are on the status page of mod_backhand.</p>\n", sum->servers - shown);
    }
}

static void print_html(request_rec *r, const backhand_config *conf, int tables)
{
    backhand_tally tallies[BACKHAND_TALLIES];
    int n = backhand_tallies_read(tallies, conf->table);
    summary sum;

    sum_up(&sum, conf->table);
    ap_rprintf(r, "<hr />\n<h2>mod_backhand</h2>\n<p>Farm %s: %d of %d servers are alive.</p>\n", escape(r, conf->farm),
               sum.in_state[BACKHAND_ROW_ALIVE], sum.servers);
    if (tables) {
        print_table(r, conf->table, &sum);
    }
    ap_rputs("<dl>\n", r);
    for (int i = 0; i < n; i++) {
        if (!tallies[i].dropped) {
            ap_rprintf(r, "<dt>%" PRId64 " %s</dt>\n", tallies[i].value, tallies[i].label);
        }
    }
    ap_rputs("</dl>\n", r);
}

static int print_section(request_rec *r, int flags)
{
    const backhand_config *conf = backhand_config_get(r->server);

    if (conf->table && flags & AP_STATUS_SHORT) {
        print_short(r, conf);
    }
    else if (conf->table) {
        print_html(r, conf, !(flags & AP_STATUS_NOTABLE));
    }
    return OK;
}

void backhand_section_register(void)
{
    APR_OPTIONAL_HOOK(ap, status_hook, print_section, NULL, NULL, APR_HOOK_MIDDLE);
}
