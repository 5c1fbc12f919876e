/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "status/html.h"

#include <http_protocol.h>

#include <string.h>

/* An outcome that is neither the server's fault nor a fault at all. */
static int is_harmless(int outcome)
{
    return outcome == BACKHAND_OUTCOME_ANSWERED || outcome == BACKHAND_OUTCOME_CLIENT;
}

static void heading(const backhand_html *page, const char *text, const char *title)
{
    ap_rvputs(page->r, "<th scope=\"col\" title=\"", title, "\">", text, "</th>", NULL);
}

static void number(const backhand_html *page, const char *label, int64_t number, int bad)
{
    backhand_html_begin(page, label, number == 0 ? "n zero" : bad ? "n bad" : "n");
    ap_rputs(backhand_html_count(page->r, number), page->r);
    backhand_html_end(page);
}

static void print_headings(const backhand_html *page)
{
    ap_rputs("<thead><tr>", page->r);
    backhand_html_heading(page, BACKHAND_HTML_BY_NAME, "Server", "by name");
    heading(page, "waiting", "handed to it, and not yet answered");
    for (int outcome = 0; outcome < BACKHAND_OUTCOMES; outcome++) {
        heading(page, backhand_outcome_name(outcome),
                "how the hand-off ended; see the manual's page of the status page");
    }
    heading(page, "retried", "after so many of these another server, or this one, could have the request");
    heading(page, "Median", "time from asking to the end of the response, estimated");
    heading(page, "90 %", "of the responses took no longer, estimated");
    heading(page, "99 %", "of the responses took no longer, estimated");
    ap_rputs("</tr></thead>\n", page->r);
}

static void print_line(const backhand_html *page, const backhand_row *row)
{
    request_rec *r = page->r;
    const serverstat *stat = &row->announcement.stat;

    ap_rvputs(r, "<tr data-key=\"", backhand_html_escape(r, stat->contact), "\"><th scope=\"row\">",
              backhand_html_escape(r, stat->hostname), "</th>", NULL);
    number(page, "waiting", row->waiting, 0);
    for (int outcome = 0; outcome < BACKHAND_OUTCOMES; outcome++) {
        number(page, backhand_outcome_name(outcome), row->outcomes.tries[outcome], !is_harmless(outcome));
    }
    number(page, "retried", row->outcomes.retried, 1);
    backhand_html_quantiles(page, &row->outcomes.took, backhand_request_bounds);
    ap_rputs("</tr>\n", r);
}

void backhand_html_handoffs(const backhand_html *page)
{
    ap_rputs("<table class=\"figures cards\">\n<caption>Handed from here to each server, by how it ended</caption>\n",
             page->r);
    print_headings(page);
    ap_rputs("<tbody>\n", page->r);
    for (int i = page->from; i < page->until; i++) {
        if (page->places[i].row->id != 0) {
            print_line(page, page->places[i].row);
        }
    }
    ap_rputs("</tbody>\n</table>\n", page->r);
}
