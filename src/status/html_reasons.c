/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "status/html.h"

#include "walk/reason.h"

#include <http_protocol.h>

#include <apr_strings.h>

#include <inttypes.h>
#include <string.h>

/* Requests that were refused, or that failed: somebody should look at the log. */
static int is_bad(const char *reason)
{
    const char *why = strchr(reason, ':');
    return strncmp(reason, "refused:", strlen("refused:")) == 0 || (why && strcmp(why, ":failed") == 0);
}

static int64_t all_decisions(const backhand_html *page)
{
    int64_t sum = 0;
    for (int reason = 0; reason < BACKHAND_REASONS; reason++) {
        sum += backhand_table_decisions(page->conf->table, reason);
    }
    return sum;
}

static void print_reasons(const backhand_html *page, int64_t all, int zero)
{
    request_rec *r = page->r;

    backhand_html_block(page, "Decisions, by BACKHAND_REASON");
    for (int i = 0; i < BACKHAND_REASONS; i++) {
        const char *reason = backhand_reason_text((backhand_reason)i);
        int64_t count = backhand_table_decisions(page->conf->table, i);
        if ((count == 0) == zero) {
            backhand_html_item(page, reason,
                               zero ? "0"
                                    : apr_psprintf(r->pool, "%s <small>%.1f %%</small>", backhand_html_count(r, count),
                                                   100.0 * (double)count / (double)all),
                               !zero && is_bad(reason) ? "bad" : "");
        }
    }
    backhand_html_end_block(page);
}

void backhand_html_reasons(const backhand_html *page)
{
    request_rec *r = page->r;
    int64_t all = all_decisions(page);

    ap_rputs("<div class=\"block\">\n", r);
    if (all > 0) {
        print_reasons(page, all, 0);
    }
    ap_rvputs(r, "<details id=\"reasons\"><summary>", all > 0 ? "Reasons that were not given" : "No decision yet",
              "</summary>\n", NULL);
    print_reasons(page, all, 1);
    ap_rputs("</details>\n</div>\n", r);
}

static void print_times(const backhand_html *page, const char *what, const backhand_histogram *times,
                        const int64_t *bounds)
{
    ap_rvputs(page->r, "<tr><th scope=\"row\">", what, "</th>", NULL);
    backhand_html_quantiles(page, times, bounds);
    backhand_html_begin(page, "Count", "n");
    ap_rputs(backhand_html_count(page->r, backhand_histogram_count(times)), page->r);
    backhand_html_end(page);
    ap_rputs("</tr>\n", page->r);
}

static void add_times(backhand_histogram *sum, const backhand_histogram *times)
{
    sum->sum += times->sum;
    for (int i = 0; i < BACKHAND_BUCKETS; i++) {
        sum->buckets[i] += times->buckets[i];
    }
}

void backhand_html_times(const backhand_html *page)
{
    backhand_histogram times, handed = {0};

    for (int i = 0; i < page->n; i++) {
        add_times(&handed, &page->places[i].row->outcomes.took);
    }
    ap_rputs("<table class=\"block\">\n<caption>Times on this server, estimated from ranges</caption>\n<thead><tr>"
             "<th scope=\"col\"></th><th scope=\"col\">Median</th><th scope=\"col\">90 %</th>"
             "<th scope=\"col\">99 %</th><th scope=\"col\">Count</th></tr></thead>\n<tbody>\n",
             page->r);
    backhand_table_served_times(page->conf->table, &times);
    print_times(page, "requests served here", &times, backhand_request_bounds);
    print_times(page, "requests handed off", &handed, backhand_request_bounds);
    backhand_table_decision_times(page->conf->table, &times);
    print_times(page, "decisions", &times, backhand_decision_bounds);
    ap_rputs("</tbody>\n</table>\n", page->r);
}
