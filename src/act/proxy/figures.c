/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "act/proxy/figures.h"
#include "act/received/report.h"
#include "table/clock.h"
#include "table/counters.h"
#include "table/report_text.h"
#include "table/handoff.h"

#include <http_request.h>

/* Longest plausible time of a hop. A longer one had another cause, and is not counted. */
#define HOP_MAX apr_time_from_sec(1)

static int64_t hop_of(const backhand_attempt *t, int64_t usec)
{
    int64_t hop = backhand_clock_now() - t->asked - usec;
    if (hop > HOP_MAX) {
        return -1;
    }
    return hop > 0 ? hop : 0;
}

void backhand_response_figures_take(backhand_attempt *t, request_rec *r)
{
    /* Joins repeated headers, so that each figure occurs twice and the report is refused. */
    const char *text = apr_table_getm(r->pool, r->headers_out, BACKHAND_REPORT_HEADER);
    backhand_table *table = t->conf->table;
    backhand_work work;
    int64_t usec;

    if (!text) {
        return;
    }
    if (t->accepted && backhand_report_read(&work, &usec, text)) {
        backhand_table_report(table, t->id, t->generation, &work, hop_of(t, usec));
    }
    else {
        backhand_table_count(table, BACKHAND_COUNT_REPORTS_IGNORED);
    }
    /* Removes it from mod_proxy's headers, and from the head as it came. */
    apr_table_unset(r->headers_out, BACKHAND_REPORT_HEADER);
    if (t->head.fields) {
        apr_table_unset(t->head.fields, BACKHAND_REPORT_HEADER);
    }
}
