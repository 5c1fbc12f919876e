/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "announce/check/health.h"
#include "status/rows.h"
#include "status/formats.h"

#include <http_protocol.h>

#include <apr_strings.h>

#include <inttypes.h>
#include <math.h>

static const char head_start[] = "<!DOCTYPE html>\n"
                                 "<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\" />\n"
                                 "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\" />\n";

static const char style[] =
    "<style>\n"
    ":root { color-scheme: light dark; --dead: #b3001b; --line: #8886; }\n"
    "@media (prefers-color-scheme: dark) { :root { --dead: #ff8a80; } }\n"
    "body { font: 16px/1.4 system-ui, sans-serif; margin: 1.5em; }\n"
    "dl { display: grid; grid-template-columns: max-content 1fr; gap: 0 1em; margin: 0 0 1.5em; padding: .6em 1em;\n"
    "  border: 1px solid var(--line); max-width: 48em; }\n"
    "dt { font-weight: 600; } dd { margin: 0; overflow-wrap: anywhere; }\n"
    ".wide { overflow-x: auto; margin-bottom: 1.5em; }\n"
    "table { border-collapse: collapse; font-variant-numeric: tabular-nums; }\n"
    "caption { text-align: left; font-weight: 600; padding-bottom: .3em; }\n"
    "th, td { border: 1px solid var(--line); padding: .2em .6em; text-align: left; white-space: nowrap; }\n"
    "td.n { text-align: right; }\n"
    "tr.dead, tr.left, tr.down, .warning, .error { color: var(--dead); }\n"
    "</style>\n";

static const char columns[] = "<thead><tr><th scope=\"col\">Entry</th><th scope=\"col\">Hostname</th>"
                              "<th scope=\"col\">State</th><th scope=\"col\">Age</th><th scope=\"col\">Address</th>"
                              "<th scope=\"col\">Memory</th><th scope=\"col\">Available</th>"
                              "<th scope=\"col\">Ready/total</th><th scope=\"col\">In flight</th>"
                              "<th scope=\"col\">~ms/req [#req]</th><th scope=\"col\">Arriba</th>"
                              "<th scope=\"col\">CPUs</th><th scope=\"col\">Load/HWM</th>"
                              "<th scope=\"col\">CPU idle</th><th scope=\"col\">Sent from here [waiting]</th>"
                              "</tr></thead>\n";

static const char work_columns[] =
    "<thead><tr><th scope=\"col\">Entry</th><th scope=\"col\">Hostname</th><th scope=\"col\">Typical (spread)</th>"
    "<th scope=\"col\">Samples</th><th scope=\"col\">Service</th>"
    "<th scope=\"col\">At once</th><th scope=\"col\">Latency</th><th scope=\"col\">Stall</th>"
    "<th scope=\"col\">Errors</th><th scope=\"col\">Served</th><th scope=\"col\">Hop</th><th scope=\"col\">Figures on "
    "a response</th>"
    "</tr></thead>\n";

static const char no_table[] =
    "<p class=\"warning\">There is no table of servers: no directive of mod_backhand but this page stands in the "
    "configuration. Add <code>MulticastStats</code> and <code>AcceptStats</code> to make this server part of a farm, "
    "and restart httpd.</p>\n";

static const char *escape(request_rec *r, const char *text)
{
    return ap_escape_html(r->pool, backhand_status_plain(r, text));
}

static void item(request_rec *r, const char *label, const char *text)
{
    ap_rvputs(r, "<dt>", label, "</dt><dd>", escape(r, text), "</dd>\n", NULL);
}

static void number_cell(request_rec *r, int64_t number)
{
    ap_rprintf(r, "<td class=\"n\">%" PRId64 "</td>", number);
}

static void memory_cell(request_rec *r, int64_t bytes)
{
    double mb = (double)bytes / (1024 * 1024);

    if (mb < 1024) {
        ap_rprintf(r, "<td class=\"n\">%.0f MB</td>", mb);
    }
    else {
        ap_rprintf(r, "<td class=\"n\">%.1f GB</td>", mb / 1024);
    }
}

static void age_cell(request_rec *r, apr_interval_time_t age)
{
    if (age < 0) {
        ap_rputs("<td class=\"n\">-</td>", r);
        return;
    }
    ap_rprintf(r, "<td class=\"n\">%.1f s</td>", (double)age / APR_USEC_PER_SEC);
}

static void ms_cell(request_rec *r, int64_t usec)
{
    if (usec <= 0) {
        ap_rputs("<td class=\"n\">-</td>", r);
        return;
    }
    ap_rprintf(r, "<td class=\"n\">%.1f ms</td>", (double)usec / 1000);
}

static void state_cell(request_rec *r, const backhand_row *row)
{
    ap_rvputs(r, "<td>", backhand_row_state_name(row->state), NULL);
    if (row->id == 0) {
        ap_rputs(", this server", r);
    }
    if (row->state == BACKHAND_ROW_DOWN) {
        char text[BACKHAND_HEALTH_TEXT];
        ap_rprintf(r, " for %" PRId64 " s: %s", row->announcement.stat.down,
                   escape(r, backhand_health_text(row->announcement.stat.why, text)));
    }
    if (row->refused >= 0) {
        ap_rprintf(r, ", refused %.1f s ago", (double)row->refused / APR_USEC_PER_SEC);
    }
    ap_rputs("</td>", r);
}

static void print_row(request_rec *r, const backhand_row *row)
{
    const serverstat *stat = &row->announcement.stat;

    ap_rprintf(r, "<tr class=\"%s\"><td class=\"n\">%d</td><th scope=\"row\">%s</th>",
               backhand_row_state_name(row->state), row->id, escape(r, stat->hostname));
    state_cell(r, row);
    age_cell(r, row->age);
    ap_rprintf(r, "<td>%s</td>", escape(r, stat->contact));
    memory_cell(r, stat->tmem);
    memory_cell(r, stat->amem);
    ap_rprintf(r, "<td class=\"n\">%" PRId64 "/%" PRId64 "</td>", stat->aservers, stat->nservers);
    number_cell(r, stat->inflight);
    ap_rprintf(r, "<td class=\"n\">~%" PRId64 " [%" PRId64 "]</td>", stat->tatime, stat->numbacked);
    number_cell(r, stat->arriba);
    number_cell(r, stat->ncpu);
    ap_rprintf(r, "<td class=\"n\">%.2f/%.2f</td><td class=\"n\">%.1f %%</td>", (double)stat->load / 1000,
               (double)stat->load_hwm / 1000, (double)stat->cpu / 10);
    ap_rprintf(r, "<td class=\"n\">%" PRId64 " [%" PRId64 "]</td></tr>\n", row->sent, row->waiting);
}

static void typical_cell(request_rec *r, const serverstat *stat)
{
    if (stat->typical <= 0) {
        ap_rputs("<td class=\"n\">-</td>", r);
        return;
    }
    ap_rprintf(r, "<td class=\"n\">%.1f ms (%.1f)</td>", (double)stat->typical / 1000,
               exp((double)stat->spread / 1000));
}

/* Servers that are gone get no line. */
static void print_work(request_rec *r, const backhand_row *row)
{
    const serverstat *stat = &row->announcement.stat;

    if (row->state == BACKHAND_ROW_DEAD || row->state == BACKHAND_ROW_LEFT) {
        return;
    }
    ap_rprintf(r, "<tr><td class=\"n\">%d</td><th scope=\"row\">%s</th>", row->id,
               escape(r, row->announcement.stat.hostname));
    typical_cell(r, stat);
    number_cell(r, stat->samples);
    ms_cell(r, stat->service);
    ap_rprintf(r, stat->parallel > 0 ? "<td class=\"n\">%.1f</td>" : "<td class=\"n\">-</td>",
               (double)stat->parallel / 1000);
    ms_cell(r, stat->latency);
    ap_rprintf(r, stat->stall > 1000 ? "<td class=\"n\">%.1f</td>" : "<td class=\"n\">-</td>",
               (double)stat->stall / 1000);
    ap_rprintf(r, "<td class=\"n\">%.1f %%</td>", (double)stat->errors / 10);
    number_cell(r, row->announcement.stat.served);
    ms_cell(r, row->hop);
    age_cell(r, row->reported);
    ap_rputs("</tr>\n", r);
}

static void print_works(request_rec *r, const backhand_table *table)
{
    int used = backhand_table_used(table);
    backhand_row row;

    ap_rprintf(r,
               "<div class=\"wide\"><table>\n<caption>What they measure of themselves, by the newest word of each"
               "</caption>\n%s<tbody>\n",
               work_columns);
    for (int id = 0; id < used; id++) {
        if (backhand_row_read(&row, table, id, backhand_table_now(table))) {
            print_work(r, &row);
        }
    }
    ap_rputs("</tbody>\n</table></div>\n", r);
}

static void print_box(request_rec *r, const backhand_config *conf, const backhand_status_box *box)
{
    ap_rputs("<dl>\n", r);
    item(r, "Machine", box->machine);
    item(r, "httpd", ap_get_server_description());
    item(r, "Built", ap_get_server_built());
    item(r, "mod_backhand", BACKHAND_VERSION);
    item(r, "You are", box->viewer);
    item(r, "Farm", conf->farm);
    item(r, "Announced as", conf->hostname);
    item(r, "Contact", box->contact[0] ? box->contact : "not known yet");
    item(r, "Interval", apr_psprintf(r->pool, "%" PRId64 " ms", (int64_t)apr_time_as_msec(conf->interval)));
    ap_rputs("</dl>\n", r);
}

static void print_servers(request_rec *r, const backhand_table *table)
{
    int used = backhand_table_used(table);
    backhand_row row;
    int id;

    ap_rprintf(r, "<div class=\"wide\"><table>\n<caption>Servers: %d of at most %d</caption>\n", used,
               backhand_table_max(table));
    ap_rputs(columns, r);
    ap_rputs("<tbody>\n", r);
    for (id = 0; id < used; id++) {
        if (backhand_row_read(&row, table, id, backhand_table_now(table))) {
            print_row(r, &row);
        }
    }
    ap_rputs("</tbody>\n</table></div>\n", r);
}

static void print_tallies(request_rec *r, const backhand_table *table)
{
    backhand_tally tallies[BACKHAND_TALLIES];
    int n = backhand_tallies_read(tallies, table);
    int i;

    ap_rputs("<div class=\"wide\"><table>\n<caption>Counted here since the table was made</caption>\n<tbody>\n", r);
    for (i = 0; i < n; i++) {
        ap_rprintf(r, "<tr><th scope=\"row\">%s%s</th><td class=\"n\">%" PRId64 "</td></tr>\n",
                   tallies[i].dropped ? "announcements dropped: " : "", tallies[i].label, tallies[i].value);
    }
    ap_rputs("</tbody>\n</table></div>\n", r);
}

void backhand_status_html(request_rec *r, const backhand_config *conf)
{
    backhand_status_box box;

    backhand_status_box_fill(&box, r, conf);
    ap_rputs(head_start, r);
    ap_rvputs(r, "<title>mod_backhand on ", escape(r, box.machine), "</title>\n", style, "</head>\n<body>\n", NULL);
    ap_rvputs(r, "<h1>mod_backhand on ", escape(r, box.machine), "</h1>\n", NULL);
    print_box(r, conf, &box);
    if (conf->table) {
        backhand_status_conditions(r, conf->table);
        print_servers(r, conf->table);
        print_works(r, conf->table);
        print_tallies(r, conf->table);
        ap_rputs("<p>The same for programs: <a href=\"?auto\">?auto</a></p>\n", r);
    }
    else {
        ap_rputs(no_table, r);
    }
    ap_rputs("</body>\n</html>\n", r);
}
