/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "dispatch/response.h"
#include "dispatch/report.h"

#include <http_connection.h>
#include <http_protocol.h>
#include <util_filter.h>

static ap_filter_rec_t *response_filter;

static int is_excuse(apr_bucket_brigade *bb)
{
    for (apr_bucket *b = APR_BRIGADE_FIRST(bb); b != APR_BRIGADE_SENTINEL(bb); b = APR_BUCKET_NEXT(b)) {
        if (AP_BUCKET_IS_ERROR(b) || AP_BUCKET_IS_EOC(b)) {
            return 1;
        }
        if (!APR_BUCKET_IS_METADATA(b)) {
            return 0;
        }
    }
    return 0;
}

static apr_status_t response_output(ap_filter_t *f, apr_bucket_brigade *bb)
{
    backhand_try *t = f->ctx;
    ap_filter_t *next = f->next;

    if (is_excuse(bb)) {
        apr_brigade_cleanup(bb);
        return APR_SUCCESS;
    }
    if (APR_BRIGADE_EMPTY(bb)) {
        return APR_SUCCESS;
    }
    backhand_report_take(t, f->r);
    backhand_head_apply(&t->head, f->r);
    backhand_track_response(t);
    ap_remove_output_filter(f);
    return ap_pass_brigade(next, bb);
}

void backhand_response_register(void)
{
    response_filter = ap_register_output_filter("BACKHAND_RESPONSE", response_output, NULL, AP_FTYPE_RESOURCE);
}

void backhand_response_insert(request_rec *r, backhand_try *t)
{
    ap_add_output_filter_handle(response_filter, t, r, r->connection);
}

void backhand_response_remove(request_rec *r, backhand_try *t)
{
    for (ap_filter_t *f = r->output_filters; f; f = f->next) {
        if (f->frec == response_filter && f->ctx == t) {
            ap_remove_output_filter(f);
            return;
        }
    }
}
