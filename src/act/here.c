/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "act/here.h"
#include "act/proxy/handoff.h"
#include "act/proxy/response.h"
#include "act/received/record.h"

#include <http_config.h>
#include <http_core.h>
#include <http_log.h>
#include <http_protocol.h>
#include <http_request.h>
#include <mod_core.h>
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

/* The try that runs the handlers of `r`, or of the request that it is an internal redirect of. */
static backhand_here *try_of(const request_rec *r)
{
    const backhand_request_record *record;

    while (r->prev && !r->main) {
        r = r->prev;
    }
    record = r->main ? NULL : backhand_request_record_get(r);
    return record ? record->here : NULL;
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

static int has_begun(const backhand_here *here, const request_rec *r)
{
    return *here->begun || r->eos_sent || r->sent_bodyct || r->bytes_sent || r->connection->aborted;
}

/* Protocol filters serve the newest of a request and its internal redirects. */
static void give_filters(ap_filter_t *f, const request_rec *from, request_rec *to)
{
    for (; f; f = f->next) {
        if (f->r == from) {
            f->r = to;
        }
    }
}

/* --- an internal redirect ---------------------------------------------------------------------------------- */

/* httpd answers an error of an internal redirect at once. For this result it sends nothing where no filter that writes
 * the head of a response is left. */
static int send_nothing(request_rec *r)
{
    r->output_filters = NULL;
    return AP_FILTER_ERROR;
}

/* httpd's other handlers, for an internal redirect of the request that is tried. */
static int run_redirected(backhand_here *here, request_rec *r)
{
    const request_rec *outer = here->running;
    ap_filter_t *filters = r->output_filters;
    int status;

    here->running = r;
    ap_add_output_filter_handle(begun_filter, here->begun, r, r->connection);
    status = ap_run_handler(r);
    here->running = outer;
    if (here->redirected) {
        return send_nothing(r);
    }
    if (r->next || !backhand_response_is_unwanted(here->conf, status) || has_begun(here, r) || !here->kept) {
        return status;
    }
    here->redirected = r;
    here->filters = filters;
    here->status = status;
    return send_nothing(r);
}

int backhand_here_is(const request_rec *r)
{
    return try_of(r) != NULL;
}

int backhand_here_handler(request_rec *r)
{
    backhand_here *here = try_of(r);
    return here->running != r ? run_redirected(here, r) : DECLINED;
}

/* --- the request itself ------------------------------------------------------------------------------------ */

/* An ErrorDocument of this server is an internal redirect that httpd would make after the handlers. */
static int has_error_page(request_rec *r, int status)
{
    const char *page = ap_is_HTTP_ERROR(status) ? ap_response_code_string(r, ap_index_of_response(status)) : NULL;
    return page && *page == '/';
}

/* @return what httpd's other handlers return */
static int run(backhand_here *here, request_rec *r)
{
    int status = ap_run_handler(r);

    if (!r->next && !backhand_response_is_unwanted(here->conf, status) && has_error_page(r, status)) {
        ap_die(status, r);
        return DONE;
    }
    return status;
}

int backhand_here_run(backhand_here *here, request_rec *r, const backhand_config *conf, backhand_body *body)
{
    backhand_request_record *record = backhand_request_record_get(r);
    request_rec before;
    int rc;

    here->r = r;
    here->running = r;
    here->begun = apr_pcalloc(r->pool, sizeof(*here->begun));
    here->conf = conf;
    save(&before, r);
    ap_add_output_filter_handle(begun_filter, here->begun, r, r->connection);
    here->kept = !body || backhand_body_offer(body);
    record->here = here;
    rc = run(here, r);
    record->here = NULL;
    if (!here->redirected) {
        here->status = rc;
    }
    if (!backhand_response_is_unwanted(conf, here->status) || has_begun(here, r) || (r->next && !here->redirected) ||
        (body && !backhand_body_rewind(body))) {
        return rc;
    }
    here->failed = 1;
    here->errored = *r;
    restore(r, &before);
    if (here->redirected) {
        give_filters(r->output_filters, here->redirected, r);
        give_filters(r->input_filters, here->redirected, r);
    }
    backhand_received_fail(r, here->status);
    ap_log_rerror(APLOG_MARK, APLOG_DEBUG, 0, r,
                  "backhand: this server itself has failed, with status %d, and sent nothing; other servers are asked",
                  here->status);
    return rc;
}

int backhand_here_answer(backhand_here *here)
{
    request_rec *r = here->r, *redirected = here->redirected;

    restore(r, &here->errored);
    if (!redirected) {
        return here->status;
    }
    give_filters(r->output_filters, r, redirected);
    give_filters(r->input_filters, r, redirected);
    redirected->output_filters = here->filters;
    ap_die(here->status, redirected);
    return DONE;
}
