/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "status/html_columns.h"

#include "status/html_plot.h"

#include <http_protocol.h>

#include <apr_strings.h>

#include <inttypes.h>

int backhand_html_up(const backhand_row *row)
{
    return row->state != BACKHAND_ROW_DEAD && row->state != BACKHAND_ROW_LEFT;
}

static const serverstat *stat_of(const backhand_line *line)
{
    return &line->row->announcement.stat;
}

static void number(const backhand_html *page, const backhand_column *column, const char *classes, const char *text)
{
    backhand_html_begin(page, column->heading, classes);
    ap_rputs(text, page->r);
    backhand_html_end(page);
}

static void none(const backhand_html *page, const backhand_column *column)
{
    number(page, column, "n", "-");
}

static void with_plot(const backhand_html *page, const backhand_column *column, const backhand_line *line,
                      const backhand_scales *scales, backhand_trace trace, const char *text)
{
    backhand_html_begin(page, column->heading, "n p");
    ap_rvputs(page->r, "<span>", text, "</span>", NULL);
    backhand_html_plot(page->r, line->history.sample[trace], scales->most[trace]);
    backhand_html_end(page);
}

/* The other server's page is expected at this one's path. */
static void name_cell(const backhand_html *page, const backhand_column *column, const backhand_line *line,
                      const backhand_scales *scales)
{
    request_rec *r = page->r;
    const serverstat *stat = stat_of(line);
    const char *contact = backhand_html_escape(r, stat->contact);

    ap_rputs("<th scope=\"row\">", r);
    if (line->row->id == 0) {
        ap_rvputs(r, "<b>", backhand_html_escape(r, stat->hostname), "</b> <small>this server</small>", NULL);
    }
    else {
        ap_rvputs(r, "<a href=\"", contact, ap_escape_html(r->pool, ap_os_escape_path(r->pool, r->uri, 1)), "\">",
                  backhand_html_escape(r, stat->hostname), "</a>", NULL);
    }
    ap_rprintf(r, "<small class=\"contact\">%s, entry %d%s%s</small></th>", contact, line->row->id,
               *line->row->announcement.zone ? ", zone " : "", backhand_html_escape(r, line->row->announcement.zone));
}

static int64_t name_value(const backhand_html *page, const backhand_row *row)
{
    return 0;
}

static void state_column(const backhand_html *page, const backhand_column *column, const backhand_line *line,
                         const backhand_scales *scales)
{
    backhand_html_begin(page, column->heading, "state");
    backhand_html_state(page, line->row);
    backhand_html_end(page);
}

static int64_t state_value(const backhand_html *page, const backhand_row *row)
{
    return row->state;
}

static void heard_cell(const backhand_html *page, const backhand_column *column, const backhand_line *line,
                       const backhand_scales *scales)
{
    number(page, column, "n", line->row->age < 0 ? "-" : backhand_html_span(page->r, line->row->age));
}

static int64_t heard_value(const backhand_html *page, const backhand_row *row)
{
    return row->age;
}

static const char *load_text(request_rec *r, int64_t load, int64_t ncpu)
{
    return apr_psprintf(r->pool, "%.2f <small>of %" PRId64 "</small>", (double)load / 1000, ncpu);
}

static void load_cell(const backhand_html *page, const backhand_column *column, const backhand_line *line,
                      const backhand_scales *scales)
{
    with_plot(page, column, line, scales, BACKHAND_TRACE_LOAD,
              load_text(page->r, stat_of(line)->load, stat_of(line)->ncpu));
}

static int64_t load_value(const backhand_html *page, const backhand_row *row)
{
    return row->announcement.stat.load;
}

static void load_total(const backhand_html *page, const backhand_totals *totals)
{
    ap_rputs(load_text(page->r, totals->load, totals->ncpu), page->r);
}

static int64_t busy_value(const backhand_html *page, const backhand_row *row)
{
    return 1000 - row->announcement.stat.cpu;
}

static void busy_cell(const backhand_html *page, const backhand_column *column, const backhand_line *line,
                      const backhand_scales *scales)
{
    number(page, column, "n", apr_psprintf(page->r->pool, "%.0f %%", (double)busy_value(page, line->row) / 10));
}

static void busy_total(const backhand_html *page, const backhand_totals *totals)
{
    if (totals->ncpu > 0) {
        ap_rprintf(page->r, "%.0f %%", (double)totals->busy / (double)totals->ncpu / 10);
    }
}

static void inflight_cell(const backhand_html *page, const backhand_column *column, const backhand_line *line,
                          const backhand_scales *scales)
{
    with_plot(page, column, line, scales, BACKHAND_TRACE_INFLIGHT,
              backhand_html_count(page->r, stat_of(line)->inflight));
}

static int64_t inflight_value(const backhand_html *page, const backhand_row *row)
{
    return row->announcement.stat.inflight;
}

static void inflight_total(const backhand_html *page, const backhand_totals *totals)
{
    ap_rputs(backhand_html_count(page->r, totals->inflight), page->r);
}

static void latency_cell(const backhand_html *page, const backhand_column *column, const backhand_line *line,
                         const backhand_scales *scales)
{
    const serverstat *stat = stat_of(line);
    const char *text = backhand_html_usec(page->r, stat->latency);
    if (stat->stall > 1000) {
        text = apr_psprintf(page->r->pool, "%s <strong>stalled &#215;%.1f</strong>", text, (double)stat->stall / 1000);
    }
    with_plot(page, column, line, scales, BACKHAND_TRACE_LATENCY, text);
}

static int64_t latency_value(const backhand_html *page, const backhand_row *row)
{
    return row->announcement.stat.latency;
}

static const char *rate_text(request_rec *r, int64_t rate)
{
    return rate < 0 ? "-" : apr_psprintf(r->pool, rate < 100000 ? "%.1f" : "%.0f", (double)rate / 1000);
}

static void rate_cell(const backhand_html *page, const backhand_column *column, const backhand_line *line,
                      const backhand_scales *scales)
{
    number(page, column, "n", rate_text(page->r, backhand_history_rate(&line->history)));
}

static int64_t rate_value(const backhand_html *page, const backhand_row *row)
{
    backhand_history history;
    backhand_history_read(&history, page->conf->table, row->id);
    return backhand_history_rate(&history);
}

static void rate_total(const backhand_html *page, const backhand_totals *totals)
{
    ap_rputs(rate_text(page->r, totals->rate), page->r);
}

static const char *ready_text(request_rec *r, int64_t ready, int64_t workers)
{
    return apr_psprintf(r->pool, "%" PRId64 " <small>of %" PRId64 "</small>", ready, workers);
}

static void ready_cell(const backhand_html *page, const backhand_column *column, const backhand_line *line,
                       const backhand_scales *scales)
{
    const serverstat *stat = stat_of(line);
    number(page, column, stat->aservers == 0 && backhand_html_up(line->row) ? "n bad" : "n",
           ready_text(page->r, stat->aservers, stat->nservers));
}

static int64_t ready_value(const backhand_html *page, const backhand_row *row)
{
    return row->announcement.stat.aservers;
}

static void ready_total(const backhand_html *page, const backhand_totals *totals)
{
    ap_rputs(ready_text(page->r, totals->ready, totals->workers), page->r);
}

static void errors_cell(const backhand_html *page, const backhand_column *column, const backhand_line *line,
                        const backhand_scales *scales)
{
    int64_t errors = stat_of(line)->errors;
    number(page, column, errors > 0 ? "n bad" : "n", apr_psprintf(page->r->pool, "%.1f %%", (double)errors / 10));
}

static int64_t errors_value(const backhand_html *page, const backhand_row *row)
{
    return row->announcement.stat.errors;
}

static void sent_cell(const backhand_html *page, const backhand_column *column, const backhand_line *line,
                      const backhand_scales *scales)
{
    const char *text = backhand_html_count(page->r, line->row->sent);
    if (line->row->id == 0) {
        text = apr_pstrcat(page->r->pool, text, " <small>kept</small>", NULL);
    }
    number(page, column, "n", text);
}

static int64_t sent_value(const backhand_html *page, const backhand_row *row)
{
    return row->sent;
}

static void sent_total(const backhand_html *page, const backhand_totals *totals)
{
    ap_rputs(backhand_html_count(page->r, totals->sent), page->r);
}

static void waiting_cell(const backhand_html *page, const backhand_column *column, const backhand_line *line,
                         const backhand_scales *scales)
{
    if (line->row->id == 0) {
        none(page, column);
        return;
    }
    number(page, column, "n", backhand_html_count(page->r, line->row->waiting));
}

static int64_t waiting_value(const backhand_html *page, const backhand_row *row)
{
    return row->id == 0 ? 0 : row->waiting;
}

static void waiting_total(const backhand_html *page, const backhand_totals *totals)
{
    ap_rputs(backhand_html_count(page->r, totals->waiting), page->r);
}

/* Tries that the server, or the way to it, failed. */
static int64_t failed_value(const backhand_html *page, const backhand_row *row)
{
    const int64_t *tries = row->outcomes.tries;
    return tries[BACKHAND_OUTCOME_BROKEN_OFF] + tries[BACKHAND_OUTCOME_UNWANTED] + tries[BACKHAND_OUTCOME_UNUSABLE] +
           tries[BACKHAND_OUTCOME_REFUSED] + tries[BACKHAND_OUTCOME_DROPPED] + tries[BACKHAND_OUTCOME_TIMED_OUT];
}

static void failed_cell(const backhand_html *page, const backhand_column *column, const backhand_line *line,
                        const backhand_scales *scales)
{
    int64_t failed = failed_value(page, line->row);
    if (line->row->id == 0) {
        none(page, column);
        return;
    }
    number(page, column, failed > 0 ? "n bad" : "n", backhand_html_count(page->r, failed));
}

static void failed_total(const backhand_html *page, const backhand_totals *totals)
{
    ap_rputs(backhand_html_count(page->r, totals->failed), page->r);
}

static void received_cell(const backhand_html *page, const backhand_column *column, const backhand_line *line,
                          const backhand_scales *scales)
{
    number(page, column, "n", backhand_html_count(page->r, stat_of(line)->numbacked));
}

static int64_t received_value(const backhand_html *page, const backhand_row *row)
{
    return row->announcement.stat.numbacked;
}

static void received_total(const backhand_html *page, const backhand_totals *totals)
{
    ap_rputs(backhand_html_count(page->r, totals->received), page->r);
}

const backhand_column backhand_columns[] = {
    {BACKHAND_HTML_BY_NAME, "Server", "by name", name_cell, name_value, NULL},
    {"state", "State", "what the server is now, and since when", state_column, state_value, NULL},
    {"heard", "Heard", "time since it was last heard from", heard_cell, heard_value, NULL},
    {"load", "Load", "1-minute load average, and its CPUs", load_cell, load_value, load_total},
    {"busy", "CPU", "busy share of its CPUs", busy_cell, busy_value, busy_total},
    {"inflight", "In flight", "requests being served there now", inflight_cell, inflight_value, inflight_total},
    {"latency", "Latency", "median time of its recent requests", latency_cell, latency_value, NULL},
    {"rate", "Served/s", "requests that it served in a second, over the last minute", rate_cell, rate_value,
     rate_total},
    {"ready", "Ready", "workers that are ready for a request, of those that run", ready_cell, ready_value, ready_total},
    {"errors", "Errors", "share of its recent responses with a status of 500 or more", errors_cell, errors_value, NULL},
    {"sent", "From here", "requests that this server handed to it", sent_cell, sent_value, sent_total},
    {"waiting", "Waiting", "of these, those not yet answered; an open tunnel is", waiting_cell, waiting_value,
     waiting_total},
    {"failed", "Failed", "of these, those that it failed; see below", failed_cell, failed_value, failed_total},
    {"received", "From all", "requests that all servers handed to it since it started", received_cell, received_value,
     received_total},
};

const int backhand_columns_count = (int)(sizeof(backhand_columns) / sizeof(*backhand_columns));

int backhand_html_column(const backhand_html *page, const char *key, const backhand_row *row, int64_t *value)
{
    for (int i = 0; i < backhand_columns_count; i++) {
        if (strcmp(backhand_columns[i].key, key) == 0) {
            *value = backhand_columns[i].value(page, row);
            return 1;
        }
    }
    return 0;
}
