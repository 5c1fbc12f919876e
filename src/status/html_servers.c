/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "status/html_columns.h"
#include "status/html_plot.h"

#include <http_protocol.h>

static const serverstat *stat_of(const backhand_line *line)
{
    return &line->row->announcement.stat;
}

static int64_t value_of(const backhand_html *page, const char *column, const backhand_row *row)
{
    int64_t value = 0;
    backhand_html_column(page, column, row, &value);
    return value;
}

static void add(const backhand_html *page, backhand_totals *sum, const backhand_row *row)
{
    const serverstat *stat = &row->announcement.stat;
    int64_t rate = value_of(page, "rate", row);

    if (row->id != 0) {
        sum->sent += row->sent;
        sum->waiting += row->waiting;
        sum->failed += value_of(page, "failed", row);
    }
    if (backhand_html_up(row)) {
        sum->load += stat->load;
        sum->ncpu += stat->ncpu;
        sum->busy += (1000 - stat->cpu) * stat->ncpu;
        sum->inflight += stat->inflight;
        sum->rate += rate > 0 ? rate : 0;
        sum->ready += stat->aservers;
        sum->workers += stat->nservers;
        sum->received += stat->numbacked;
    }
}

static backhand_totals totals_of(const backhand_html *page)
{
    backhand_totals sum = {0};

    for (int i = 0; i < page->n; i++) {
        add(page, &sum, page->places[i].row);
    }
    return sum;
}

void backhand_html_sums(const backhand_html *page)
{
    backhand_totals sum = totals_of(page);

    for (int i = 0; i < backhand_columns_count; i++) {
        if (backhand_columns[i].total) {
            ap_rvputs(page->r, "<span class=\"count\">", backhand_columns[i].heading, " <b>", NULL);
            backhand_columns[i].total(page, &sum);
            ap_rputs("</b></span> ", page->r);
        }
    }
}

static void print_totals(const backhand_html *page)
{
    request_rec *r = page->r;
    backhand_totals sum = totals_of(page);

    ap_rvputs(r, "<tfoot>\n<tr><th scope=\"row\">",
              backhand_filter_is_set(&page->filter) ? "Servers found" : "All servers",
              "</th><td class=\"state\" data-label=\"State\">", NULL);
    if (!backhand_filter_is_set(&page->filter)) {
        backhand_html_states(page);
    }
    ap_rputs("</td>", r);
    for (int i = 2; i < backhand_columns_count; i++) {
        backhand_html_begin(page, backhand_columns[i].heading, backhand_columns[i].total ? "n" : "n blank");
        if (backhand_columns[i].total) {
            backhand_columns[i].total(page, &sum);
        }
        backhand_html_end(page);
    }
    ap_rputs("</tr>\n</tfoot>\n", r);
}

static void print_lines(const backhand_html *page)
{
    request_rec *r = page->r;
    int shown = page->until - page->from;
    backhand_line *lines = apr_palloc(r->pool, (apr_size_t)(shown > 0 ? shown : 1) * sizeof(*lines));
    backhand_scales scales = {{0}};

    for (int i = 0; i < shown; i++) {
        lines[i].row = page->places[page->from + i].row;
        backhand_history_read(&lines[i].history, page->conf->table, lines[i].row->id);
        for (int trace = 0; trace < BACKHAND_TRACES; trace++) {
            scales.most[trace] = backhand_html_most(lines[i].history.sample[trace], scales.most[trace]);
        }
    }
    ap_rputs("<tbody>\n", r);
    for (int i = 0; i < shown; i++) {
        ap_rvputs(r, "<tr class=\"", backhand_row_state_name(lines[i].row->state), lines[i].row->id == 0 ? " self" : "",
                  "\" data-key=\"", backhand_html_escape(r, stat_of(&lines[i])->contact), "\">", NULL);
        for (int c = 0; c < backhand_columns_count; c++) {
            backhand_columns[c].cell(page, &backhand_columns[c], &lines[i], &scales);
        }
        ap_rputs("</tr>\n", r);
    }
    ap_rputs("</tbody>\n", r);
}

void backhand_html_servers(const backhand_html *page)
{
    request_rec *r = page->r;

    ap_rputs("<table class=\"servers cards\">\n<thead><tr>", r);
    for (int i = 0; i < backhand_columns_count; i++) {
        backhand_html_heading(page, backhand_columns[i].key, backhand_columns[i].heading, backhand_columns[i].title);
    }
    ap_rputs("</tr></thead>\n", r);
    print_lines(page);
    print_totals(page);
    ap_rputs("</table>\n", r);
}
