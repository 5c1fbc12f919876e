/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "act/received/report.h"
#include "act/received/received.h"
#include "host/backlog.h"
#include "host/scoreboard.h"
#include "table/report_text.h"
#include "table/view.h"

#include <apr_strings.h>
#include <http_protocol.h>
#include <http_request.h>
#include <util_filter.h>

static ap_filter_rec_t *report_filter;

/* The number of requests that wait here for a worker. A server that does not announce itself is the contact of a server
 * that does. That server can wait for an answer, and hand off requests, without one of these workers. So it is told
 * this number as well. Where each server announces itself the number is left out: it would cause hand-offs, which take
 * a worker at both ends. */
static int64_t backlog_of(const backhand_config *conf)
{
    return conf->destinations->nelts > 0 || backhand_scoreboard_async() ? 0 : backhand_backlog_length();
}

static void write_report(request_rec *r, const backhand_config *conf)
{
    char text[BACKHAND_REPORT_SIZE];
    backhand_view view;

    backhand_table_view(conf->table, 0, &view);
    view.work.inflight += backlog_of(conf) - 1;
    backhand_report_write(text, &view.work, backhand_received_age(r));
    apr_table_unset(r->err_headers_out, BACKHAND_REPORT_HEADER);
    apr_table_setn(r->headers_out, BACKHAND_REPORT_HEADER, apr_pstrdup(r->pool, text));
}

/* Runs just before the headers are written, and replaces a header of this name that a program has set. */
static apr_status_t report_output(ap_filter_t *f, apr_bucket_brigade *bb)
{
    write_report(f->r, backhand_config_get(f->r->server));
    ap_remove_output_filter(f);
    return ap_pass_brigade(f->next, bb);
}

static void insert(request_rec *r)
{
    if (!r->main && backhand_received_is(r)) {
        ap_add_output_filter_handle(report_filter, NULL, r, r->connection);
    }
}

void backhand_report_register(void)
{
    report_filter =
        ap_register_output_filter("BACKHAND_REPORT", report_output, NULL, (ap_filter_type)(AP_FTYPE_PROTOCOL - 1));
    ap_hook_insert_filter(insert, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_insert_error_filter(insert, NULL, NULL, APR_HOOK_MIDDLE);
}
