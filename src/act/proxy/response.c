/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "act/proxy/response.h"
#include "act/waiting/guard.h"
#include "act/proxy/figures.h"

#include <http_connection.h>
#include <http_protocol.h>
#include <util_filter.h>

static ap_filter_rec_t *response_filter;

/* True for mod_proxy's own buckets for a server that did not answer. */
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

/* Begins to pass a response on. If it broke off right after its head, the client still gets the head, as from that
 * server itself. */
static apr_status_t begin(ap_filter_t *f, apr_bucket_brigade *bb, int broken)
{
    backhand_attempt *t = f->ctx;

    backhand_response_figures_take(t, f->r);
    backhand_response_head_apply(&t->head, f->r, t->own);
    backhand_guard_respond(f->r);
    backhand_attempt_response(t);
    if (broken) {
        apr_bucket_brigade *head = apr_brigade_create(f->r->pool, bb->bucket_alloc);
        APR_BRIGADE_INSERT_TAIL(head, apr_bucket_flush_create(bb->bucket_alloc));
        return ap_pass_brigade(f->next, head);
    }
    return APR_SUCCESS;
}

/* Counts the bytes sent, because httpd's own count stands above the place where this data enters. */
static void count(request_rec *r, const apr_bucket_brigade *bb)
{
    for (const apr_bucket *b = APR_BRIGADE_FIRST(bb); b != APR_BRIGADE_SENTINEL(bb); b = APR_BUCKET_NEXT(b)) {
        if (!APR_BUCKET_IS_METADATA(b) && b->length != (apr_size_t)-1) {
            r->bytes_sent += (apr_off_t)b->length;
        }
    }
}

/* Most bytes of an unwanted response that are read so that the connection can be kept. */
#define SWALLOW_MAX 65536

int backhand_response_is_unwanted(const backhand_config *conf, int status)
{
    for (int i = 0; i < conf->retry_status->nelts; i++) {
        if (APR_ARRAY_IDX(conf->retry_status, i, int) == status) {
            return 1;
        }
    }
    return 0;
}

/* True for a status of BackhandRetryStatus, if another server or this one can answer instead. */
static int is_unwanted(const backhand_attempt *t)
{
    return !t->final && t->repeatable && (!t->body || backhand_body_is_kept(t->body)) &&
           backhand_response_is_unwanted(t->conf, t->head.status);
}

static apr_status_t swallow(backhand_attempt *t, apr_bucket_brigade *bb)
{
    apr_off_t length = 0;

    t->unwanted_status = t->head.status;
    apr_brigade_length(bb, 0, &length);
    t->swallowed += length > 0 ? (apr_size_t)length : 0;
    apr_brigade_cleanup(bb);
    return t->swallowed > SWALLOW_MAX ? APR_ECONNABORTED : APR_SUCCESS;
}

static apr_status_t response_output(ap_filter_t *f, apr_bucket_brigade *bb)
{
    backhand_attempt *t = f->ctx;
    apr_status_t rv;

    if (!t->begun) {
        int excuse = is_excuse(bb);
        if (excuse && !backhand_response_head_is_final(&t->head)) {
            apr_brigade_cleanup(bb);
            return APR_SUCCESS;
        }
        if (APR_BRIGADE_EMPTY(bb)) {
            return APR_SUCCESS;
        }
        if (t->unwanted_status || (!excuse && is_unwanted(t))) {
            return swallow(t, bb);
        }
        rv = begin(f, bb, excuse);
        if (rv != APR_SUCCESS) {
            return rv;
        }
    }
    count(f->r, bb);
    return ap_pass_brigade(f->next, bb);
}

void backhand_response_register(void)
{
    response_filter = ap_register_output_filter("BACKHAND_RESPONSE", response_output, NULL, AP_FTYPE_RESOURCE);
}

void backhand_response_insert(request_rec *r, backhand_attempt *t)
{
    ap_add_output_filter_handle(response_filter, t, r, r->connection);
}

void backhand_response_remove(request_rec *r, backhand_attempt *t)
{
    for (ap_filter_t *f = r->output_filters; f; f = f->next) {
        if (f->frec == response_filter && f->ctx == t) {
            ap_remove_output_filter(f);
            return;
        }
    }
}
