/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "act/here.h"
#include "act/proxy/handoff.h"
#include "act/proxy/response.h"
#include "act/received/record.h"

#include <http_config.h>
#include <http_log.h>
#include <util_filter.h>

APLOG_USE_MODULE(backhand);

static ap_filter_rec_t *begun_filter;

/* Whatever passes here, an end included, may be with the client, or in the hands of a filter that keeps it. */
static apr_status_t begun_output(ap_filter_t *f, apr_bucket_brigade *bb)
{
    int *begun = f->ctx;

    if (APR_BRIGADE_EMPTY(bb)) {
        return APR_SUCCESS;
    }
    *begun = 1;
    ap_remove_output_filter(f);
    return ap_pass_brigade(f->next, bb);
}

void backhand_here_register(void)
{
    /* Above content filters, and below httpd's own buffer for handlers that write piece by piece. */
    begun_filter =
        ap_register_output_filter("BACKHAND_BEGUN", begun_output, NULL, (ap_filter_type)(AP_FTYPE_RESOURCE - 1));
}

int backhand_here_may_fail(const request_rec *r, const backhand_config *conf)
{
    return conf->retry_status->nelts > 0 && backhand_request_record_get(r) && backhand_handoff_is_repeatable(r);
}

int backhand_here_is(const request_rec *r)
{
    const backhand_request_record *record = backhand_request_record_get(r);
    return record && record->tried;
}

/* Handlers change the tables in place: `saved` gets copies of its own. */
static void save(request_rec *saved, const request_rec *r)
{
    *saved = *r;
    saved->headers_in = apr_table_copy(r->pool, r->headers_in);
    saved->headers_out = apr_table_copy(r->pool, r->headers_out);
    saved->err_headers_out = apr_table_copy(r->pool, r->err_headers_out);
    saved->trailers_out = apr_table_copy(r->pool, r->trailers_out);
    saved->subprocess_env = apr_table_copy(r->pool, r->subprocess_env);
    saved->notes = apr_table_copy(r->pool, r->notes);
}

/* A client that was told to go on and send its body is not told again. */
static void restore(request_rec *r, const request_rec *saved)
{
    unsigned expecting = r->expecting_100;
    *r = *saved;
    r->expecting_100 = expecting;
}

/* After an internal redirect the response is that of another request_rec, and httpd has sent it. */
static int has_begun(const request_rec *r, int begun)
{
    return begun || r->next || r->eos_sent || r->sent_bodyct || r->bytes_sent || r->connection->aborted;
}

int backhand_here_run(backhand_here *here, request_rec *r, const backhand_config *conf, backhand_body *body)
{
    backhand_request_record *record = backhand_request_record_get(r);
    int *begun = apr_pcalloc(r->pool, sizeof(*begun));
    request_rec before;

    here->r = r;
    save(&before, r);
    ap_add_output_filter_handle(begun_filter, begun, r, r->connection);
    if (body) {
        backhand_body_offer(body);
    }
    record->tried = 1;
    here->status = ap_run_handler(r);
    if (!backhand_response_is_unwanted(conf, here->status) || has_begun(r, *begun) ||
        (body && !backhand_body_rewind(body))) {
        return here->status;
    }
    record->tried = 0;
    here->failed = 1;
    here->errored = *r;
    restore(r, &before);
    backhand_received_fail(r, here->status);
    ap_log_rerror(APLOG_MARK, APLOG_DEBUG, 0, r,
                  "backhand: this server itself has failed, with status %d, and sent nothing; other servers are asked",
                  here->status);
    return here->status;
}

int backhand_here_answer(const backhand_here *here)
{
    restore(here->r, &here->errored);
    return here->status;
}
