/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "act/proxy/body_filters.h"

#include <http_protocol.h>

/* Bytes; more than mod_proxy_http reads of a body before it sends any of it. */
#define UNSENT_MAX 65536

static ap_filter_rec_t *body_filter, *error_filter;

static apr_off_t limit_of(const struct backhand_body *body)
{
    if (body->lent) {
        /* One byte more than the limit, to see whether the limit is exceeded. */
        return body->lent_max + 1;
    }
    return body->sent && !*body->sent && body->keep < UNSENT_MAX ? UNSENT_MAX : body->keep;
}

int backhand_body_ends(const apr_bucket_brigade *bb)
{
    return !APR_BRIGADE_EMPTY(bb) && APR_BUCKET_IS_EOS(APR_BRIGADE_LAST(bb));
}

/* Keeps copies of the data, and of one EOS only: HTTP's filter returns an EOS at each read after the end. */
static apr_status_t keep_copies(struct backhand_body *body, apr_bucket_brigade *bb)
{
    for (apr_bucket *b = APR_BRIGADE_FIRST(bb); !body->lost && b != APR_BRIGADE_SENTINEL(bb); b = APR_BUCKET_NEXT(b)) {
        const char *data;
        apr_size_t length;
        apr_bucket *copy;
        apr_status_t rv;

        if (APR_BUCKET_IS_EOS(b) && !backhand_body_ends(body->kept)) {
            APR_BRIGADE_INSERT_TAIL(body->kept, apr_bucket_eos_create(body->kept->bucket_alloc));
        }
        if (APR_BUCKET_IS_METADATA(b)) {
            continue;
        }
        rv = apr_bucket_read(b, &data, &length, APR_BLOCK_READ);
        if (rv != APR_SUCCESS) {
            return rv;
        }
        body->kept_length += (apr_off_t)length;
        if (body->kept_length > limit_of(body)) {
            __atomic_store_n(&body->lost, 1, __ATOMIC_RELAXED);
            apr_brigade_cleanup(body->kept);
            break;
        }
        copy = apr_bucket_heap_create(data, length, NULL, body->kept->bucket_alloc);
        APR_BRIGADE_INSERT_TAIL(body->kept, copy);
    }
    return APR_SUCCESS;
}

/* Moves up to `readbytes` bytes, and an EOS after them, from the data that was put back. */
static apr_status_t read_pending(struct backhand_body *body, apr_bucket_brigade *bb, ap_input_mode_t mode,
                                 apr_off_t readbytes)
{
    apr_bucket *end;
    apr_status_t rv;

    if (mode == AP_MODE_EXHAUSTIVE || mode == AP_MODE_EATCRLF) {
        APR_BRIGADE_CONCAT(bb, body->pending);
        return APR_SUCCESS;
    }
    rv = apr_brigade_partition(body->pending, readbytes, &end);
    if (rv != APR_SUCCESS && rv != APR_INCOMPLETE) {
        return rv;
    }
    if (end != APR_BRIGADE_SENTINEL(body->pending) && APR_BUCKET_IS_EOS(end)) {
        end = APR_BUCKET_NEXT(end);
    }
    while (APR_BRIGADE_FIRST(body->pending) != end) {
        apr_bucket *b = APR_BRIGADE_FIRST(body->pending);
        if (mode == AP_MODE_SPECULATIVE) {
            rv = apr_bucket_copy(b, &b);
            if (rv != APR_SUCCESS) {
                return rv;
            }
            APR_BRIGADE_INSERT_TAIL(bb, b);
            break;
        }
        APR_BUCKET_REMOVE(b);
        APR_BRIGADE_INSERT_TAIL(bb, b);
    }
    return APR_SUCCESS;
}

/* An error ends the body, because HTTP's filter would return a clean end at the next read. */
apr_status_t backhand_body_read_below(struct backhand_body *body, ap_filter_t *from, apr_bucket_brigade *bb,
                                      ap_input_mode_t mode, apr_read_type_e block, apr_off_t readbytes)
{
    apr_status_t rv;

    body->reading++;
    rv = ap_get_brigade(from, bb, mode, block, readbytes);
    body->reading--;
    if (body->error) {
        apr_brigade_cleanup(bb);
        body->status = body->error;
        return AP_FILTER_ERROR;
    }
    if (rv != APR_SUCCESS && !APR_STATUS_IS_EAGAIN(rv) && backhand_body_stack_is_entered(&body->stack)) {
        int status = ap_map_http_request_error(rv, HTTP_BAD_REQUEST);
        body->status = status == AP_FILTER_ERROR ? HTTP_BAD_REQUEST : status;
    }
    return rv;
}

static apr_status_t read_new(struct backhand_body *body, ap_filter_t *f, apr_bucket_brigade *bb, ap_input_mode_t mode,
                             apr_read_type_e block, apr_off_t readbytes)
{
    apr_status_t rv;

    if (body->lent) {
        apr_off_t left = limit_of(body) - body->kept_length;
        if (left <= 0) {
            return APR_ENOSPC;
        }
        readbytes = readbytes < left ? readbytes : left;
    }
    rv = backhand_body_read_below(body, f->next, bb, mode, block, readbytes);
    if (rv == APR_SUCCESS && mode != AP_MODE_SPECULATIVE) {
        rv = keep_copies(body, bb);
    }
    if (rv == APR_SUCCESS && body->lent && body->kept_length > body->lent_max) {
        apr_brigade_cleanup(bb);
        return APR_ENOSPC;
    }
    return rv;
}

/* Ends the wait for 100 Continue as HTTP's filter does, when a handler reads data that the client sent without waiting.
 * Otherwise the connection could not be kept. Not for an error's answer, after which httpd only discards the body. */
static void stop_expecting(const struct backhand_body *body, request_rec *r)
{
    if (!backhand_body_stack_is_entered(&body->stack) && ap_is_HTTP_SUCCESS(r->status)) {
        r->expecting_100 = 0;
    }
}

static apr_status_t body_input(ap_filter_t *f, apr_bucket_brigade *bb, ap_input_mode_t mode, apr_read_type_e block,
                               apr_off_t readbytes)
{
    struct backhand_body *body = f->ctx;
    apr_status_t rv;

    /* HTTP's filter itself reads lines through this filter, at the end of a chunked body. */
    if (mode == AP_MODE_INIT || mode == AP_MODE_GETLINE) {
        return ap_get_brigade(f->next, bb, mode, block, readbytes);
    }
    if (body->status) {
        return AP_FILTER_ERROR;
    }
    if (!APR_BRIGADE_EMPTY(body->pending) && block == APR_BLOCK_READ) {
        stop_expecting(body, f->r);
    }
    rv = APR_BRIGADE_EMPTY(body->pending) ? read_new(body, f, bb, mode, block, readbytes)
                                          : read_pending(body, bb, mode, readbytes);
    if (rv == APR_SUCCESS && block == APR_NONBLOCK_READ && mode == AP_MODE_READBYTES && body->hold_end &&
        backhand_body_ends(bb)) {
        apr_bucket *end = APR_BRIGADE_LAST(bb);
        APR_BUCKET_REMOVE(end);
        APR_BRIGADE_INSERT_HEAD(body->pending, end);
    }
    return rv;
}

/* Takes httpd's answer to a client's error: HTTP's filter sends an error bucket to the output filters during a read. */
static apr_status_t error_output(ap_filter_t *f, apr_bucket_brigade *bb)
{
    struct backhand_body *body = f->ctx;

    for (apr_bucket *b = APR_BRIGADE_FIRST(bb); body->reading && b != APR_BRIGADE_SENTINEL(bb);
         b = APR_BUCKET_NEXT(b)) {
        if (AP_BUCKET_IS_ERROR(b)) {
            body->error = ((ap_bucket_error *)b->data)->status;
            apr_brigade_cleanup(bb);
            return AP_FILTER_ERROR;
        }
    }
    return ap_pass_brigade(f->next, bb);
}

void backhand_body_filters_register(void)
{
    /* Below the content filters, which run where the request is served, and above the protocol's own filters. */
    body_filter = ap_register_input_filter("BACKHAND_BODY", body_input, NULL, (ap_filter_type)(AP_FTYPE_PROTOCOL - 2));
    error_filter = ap_register_output_filter("BACKHAND_BODY_ERROR", error_output, NULL, AP_FTYPE_RESOURCE);
}

void backhand_body_filters_put_in(struct backhand_body *body)
{
    backhand_body_stack_init(&body->stack, body->r, body_filter, error_filter, body);
}

const struct backhand_body *backhand_body_filters_find(const request_rec *r)
{
    for (const ap_filter_t *f = r->input_filters; f; f = f->next) {
        if (f->frec == body_filter) {
            return f->ctx;
        }
    }
    return NULL;
}
