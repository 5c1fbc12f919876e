/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "dispatch/body.h"

#include <http_protocol.h>
#include <util_filter.h>

/* Where mod_proxy_http keeps what it has read of the body and not yet sent. */
#define PROXY_INPUT_KEY "proxy-req-input"

/* More than mod_proxy_http reads of a body before it sends any of it. */
#define UNSENT_MAX 65536

struct backhand_body {
    ap_filter_t *filter;
    apr_bucket_brigade *pending; /* put back: read before anything else */
    apr_bucket_brigade *kept;    /* copies of all that was read */
    apr_off_t keep;              /* how much may be kept, to be sent again; -1: nothing */
    apr_off_t kept_length;
    int lost;        /* more was read than may be kept, nothing is kept any more */
    const int *sent; /* see backhand_body_begin() */
    int hold_end;    /* see backhand_body_hold_end() */
};

static ap_filter_rec_t *body_filter;

static apr_off_t limit_of(const backhand_body *body)
{
    return body->sent && !*body->sent && body->keep < UNSENT_MAX ? UNSENT_MAX : body->keep;
}

static apr_status_t keep_copies(backhand_body *body, apr_bucket_brigade *bb)
{
    for (apr_bucket *b = APR_BRIGADE_FIRST(bb); !body->lost && b != APR_BRIGADE_SENTINEL(bb); b = APR_BUCKET_NEXT(b)) {
        const char *data;
        apr_size_t length;
        apr_bucket *copy;
        apr_status_t rv;

        if (APR_BUCKET_IS_EOS(b)) {
            APR_BRIGADE_INSERT_TAIL(body->kept, apr_bucket_eos_create(body->kept->bucket_alloc));
            continue;
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

/* Moves up to `readbytes` bytes, and an EOS that follows, from what was put back. */
static apr_status_t read_pending(backhand_body *body, apr_bucket_brigade *bb, ap_input_mode_t mode, apr_off_t readbytes)
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

static int is_end(const backhand_body *body, const apr_bucket_brigade *bb)
{
    return body->hold_end && !APR_BRIGADE_EMPTY(bb) && APR_BUCKET_IS_EOS(APR_BRIGADE_LAST(bb));
}

static apr_status_t body_input(ap_filter_t *f, apr_bucket_brigade *bb, ap_input_mode_t mode, apr_read_type_e block,
                               apr_off_t readbytes)
{
    backhand_body *body = f->ctx;
    apr_status_t rv;

    /* Lines are what the protocol's filter reads itself, through us, at the end of a body in chunks. */
    if (mode == AP_MODE_INIT || mode == AP_MODE_GETLINE) {
        return ap_get_brigade(f->next, bb, mode, block, readbytes);
    }
    if (!APR_BRIGADE_EMPTY(body->pending)) {
        rv = read_pending(body, bb, mode, readbytes);
    }
    else {
        rv = ap_get_brigade(f->next, bb, mode, block, readbytes);
        if (rv == APR_SUCCESS && mode != AP_MODE_SPECULATIVE) {
            rv = keep_copies(body, bb);
        }
    }
    if (rv == APR_SUCCESS && block == APR_NONBLOCK_READ && mode == AP_MODE_READBYTES && is_end(body, bb)) {
        apr_bucket *end = APR_BRIGADE_LAST(bb);
        APR_BUCKET_REMOVE(end);
        APR_BRIGADE_INSERT_HEAD(body->pending, end);
    }
    return rv;
}

void backhand_body_register(void)
{
    /* Between the content filters, which run where the request is served, and the protocol's own. */
    body_filter = ap_register_input_filter("BACKHAND_BODY", body_input, NULL, (ap_filter_type)(AP_FTYPE_PROTOCOL - 1));
}

backhand_body *backhand_body_insert(request_rec *r, apr_off_t keep)
{
    backhand_body *body = apr_pcalloc(r->pool, sizeof(*body));
    body->pending = apr_brigade_create(r->pool, r->connection->bucket_alloc);
    body->kept = apr_brigade_create(r->pool, r->connection->bucket_alloc);
    body->keep = keep;
    body->filter = ap_add_input_filter_handle(body_filter, body, r, r->connection);
    return body;
}

ap_filter_t *backhand_body_filter(backhand_body *body)
{
    return body->filter;
}

int backhand_body_is_kept(const backhand_body *body)
{
    return body->keep >= 0 && !__atomic_load_n(&body->lost, __ATOMIC_RELAXED);
}

void backhand_body_begin(backhand_body *body, const int *sent)
{
    body->sent = sent;
}

void backhand_body_hold_end(backhand_body *body, int hold)
{
    body->hold_end = hold;
}

/* mod_proxy_http begins anew on the next try. */
static apr_bucket_brigade *take_proxy_input(request_rec *r)
{
    void *input = NULL;
    apr_pool_userdata_get(&input, PROXY_INPUT_KEY, r->pool);
    apr_pool_userdata_setn(NULL, PROXY_INPUT_KEY, NULL, r->pool);
    return input;
}

void backhand_body_unread(backhand_body *body, request_rec *r)
{
    apr_bucket_brigade *input = take_proxy_input(r);
    if (input) {
        APR_BRIGADE_PREPEND(body->pending, input);
    }
}

int backhand_body_rewind(backhand_body *body, request_rec *r)
{
    apr_bucket_brigade *again;
    apr_bucket_brigade *input = take_proxy_input(r);

    if (input) {
        apr_brigade_cleanup(input);
    }
    if (body->lost) {
        return 0;
    }
    /* All that was read is in the copies: what is still pending is among them. */
    apr_brigade_cleanup(body->pending);
    again = apr_brigade_create(r->pool, r->connection->bucket_alloc);
    for (apr_bucket *b = APR_BRIGADE_FIRST(body->kept); b != APR_BRIGADE_SENTINEL(body->kept); b = APR_BUCKET_NEXT(b)) {
        apr_bucket *copy;
        if (apr_bucket_copy(b, &copy) != APR_SUCCESS) {
            return 0;
        }
        APR_BRIGADE_INSERT_TAIL(again, copy);
    }
    APR_BRIGADE_CONCAT(body->pending, again);
    return 1;
}
