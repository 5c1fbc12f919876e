/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "announce/check/health.h"
#include "status/html.h"
#include "status/manage.h"

#include <http_protocol.h>

#include <inttypes.h>

static void badge(request_rec *r, const char *word)
{
    ap_rvputs(r, "<span class=\"badge ", word, "\">", word, "</span>", NULL);
}

/* A server that is down says itself since when and why. */
static void print_since(request_rec *r, const backhand_row *row)
{
    const serverstat *stat = &row->announcement.stat;
    int down = row->state == BACKHAND_ROW_DOWN;
    apr_interval_time_t lasts = down ? apr_time_from_sec(stat->down) : row->lasts;
    char text[BACKHAND_HEALTH_TEXT];

    if (lasts < 0) {
        return;
    }
    ap_rvputs(r, " <small>for ", backhand_html_span(r, lasts), NULL);
    if (down) {
        ap_rvputs(r, ": ", backhand_html_escape(r, backhand_health_text(stat->why, text)), NULL);
    }
    if (row->changes > 0) {
        ap_rprintf(r, ", changed %" PRId64 " time%s", row->changes, row->changes == 1 ? "" : "s");
    }
    ap_rputs("</small>", r);
}

void backhand_html_state(const backhand_html *page, const backhand_row *row)
{
    request_rec *r = page->r;

    badge(r, backhand_row_state_name(row->state));
    print_since(r, row);
    if (row->announcement.stat.withheld > 0) {
        ap_rprintf(r, " <small>weight %" PRId64 " %%</small>", 100 - row->announcement.stat.withheld);
    }
    if (row->refused >= 0) {
        ap_rvputs(r, " <small class=\"bad\">refused ", backhand_html_span(r, row->refused), " ago</small>", NULL);
    }
    if (backhand_config_dir(r)->manage) {
        backhand_manage_form(r, backhand_config_get(r->server), row);
    }
}

void backhand_html_gone(const backhand_html *page)
{
    request_rec *r = page->r;

    if (page->gone == 0) {
        return;
    }
    ap_rprintf(r, "<details id=\"gone\">\n<summary>%d more left long ago, or are dead for a day</summary>\n<ul>\n",
               page->gone);
    for (int i = page->n; i < page->n + page->gone && i < page->n + BACKHAND_HTML_SERVERS; i++) {
        const backhand_row *row = page->places[i].row;
        ap_rvputs(r, "<li>", backhand_html_escape(r, row->announcement.stat.hostname), " (",
                  backhand_html_escape(r, row->announcement.stat.contact), ") ", NULL);
        backhand_html_state(page, row);
        ap_rputs("</li>\n", r);
    }
    ap_rputs("</ul>\n", r);
    if (page->gone > BACKHAND_HTML_SERVERS) {
        ap_rprintf(r, "<p>These are %d of them; look for others by name.</p>\n", BACKHAND_HTML_SERVERS);
    }
    ap_rputs("</details>\n", r);
}

void backhand_html_states(const backhand_html *page)
{
    request_rec *r = page->r;

    for (int state = 0; state < BACKHAND_ROW_STATES; state++) {
        if (page->counts[state] > 0) {
            const char *name = backhand_row_state_name((backhand_row_state)state);
            ap_rprintf(r, "<span class=\"count\">%d <a data-live=\"\" href=\"%s\">", page->counts[state],
                       backhand_html_address(page, NULL, name, 0));
            badge(r, name);
            ap_rputs("</a></span> ", r);
        }
    }
}
