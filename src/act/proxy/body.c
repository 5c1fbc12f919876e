/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "act/proxy/body.h"
#include "act/proxy/body_filters.h"

#include <http_protocol.h>

/* Key under which mod_proxy_http keeps data of the body that it has read but not sent. */
#define PROXY_INPUT_KEY "proxy-req-input"

/* Bytes of a body that are read at a time. */
#define PIECE 65536

void backhand_body_register(void)
{
    backhand_body_filters_register();
}

backhand_body *backhand_body_open(request_rec *r)
{
    backhand_body *body;

    if (!backhand_body_stack_has_body(r)) {
        return NULL;
    }
    body = apr_pcalloc(r->pool, sizeof(*body));
    body->r = r;
    body->keep = -1;
    body->pending = apr_brigade_create(r->pool, r->connection->bucket_alloc);
    body->kept = apr_brigade_create(r->pool, r->connection->bucket_alloc);
    backhand_body_filters_put_in(body);
    return body;
}

int backhand_body_is_coded(const backhand_body *body)
{
    const char *codings = apr_table_get(body->r->headers_in, "Transfer-Encoding");
    return codings && strcasecmp(codings, "chunked") != 0;
}

/* Puts copies of all read data back. Data that is still pending is among them. */
static apr_status_t put_copies_back(backhand_body *body)
{
    apr_brigade_cleanup(body->pending);
    for (apr_bucket *b = APR_BRIGADE_FIRST(body->kept); b != APR_BRIGADE_SENTINEL(body->kept); b = APR_BUCKET_NEXT(b)) {
        apr_bucket *copy;
        apr_status_t rv = apr_bucket_copy(b, &copy);
        if (rv != APR_SUCCESS) {
            return rv;
        }
        APR_BRIGADE_INSERT_TAIL(body->pending, copy);
    }
    return APR_SUCCESS;
}

static void lend(backhand_body *body, apr_off_t most)
{
    const request_rec *r = body->r;

    body->lent_max = most;
    body->block = (backhand_client_block){r->read_body, r->read_chunked, r->remaining, r->read_length};
    body->lent = 1;
    backhand_body_stack_enter(&body->stack);
}

void backhand_body_lend(backhand_body *body)
{
    lend(body, BACKHAND_BODY_LENT_MAX);
}

void backhand_body_return(backhand_body *body)
{
    request_rec *r = body->r;

    backhand_body_stack_leave(&body->stack);
    body->lent = 0;
    r->read_body = body->block.read_body;
    r->read_chunked = body->block.read_chunked;
    r->remaining = body->block.remaining;
    r->read_length = body->block.read_length;
    /* Copies of heap buckets cannot fail. */
    (void)put_copies_back(body);
    body->kept_length = 0;
}

void backhand_body_buffer(backhand_body *body, apr_off_t size)
{
    apr_bucket_brigade *bb = apr_brigade_create(body->r->pool, body->r->connection->bucket_alloc);
    apr_status_t rv = APR_SUCCESS;
    int ended = 0;

    lend(body, size);
    while (rv == APR_SUCCESS && !ended && body->kept_length < size) {
        apr_off_t left = size - body->kept_length;
        rv = ap_get_brigade(body->r->input_filters, bb, AP_MODE_READBYTES, APR_BLOCK_READ, left < PIECE ? left : PIECE);
        ended = backhand_body_ends(bb);
        apr_brigade_cleanup(bb);
    }
    body->buffered = body->kept_length;
    backhand_body_return(body);
    apr_brigade_destroy(bb);
}

const char *backhand_request_body(struct request_rec *r, size_t *length)
{
    const backhand_body *body = backhand_body_filters_find(r);
    apr_size_t most = body ? (apr_size_t)body->buffered : 0;
    char *copy = body ? apr_palloc(r->pool, most + 1) : NULL;

    *length = 0;
    if (!body || apr_brigade_flatten(body->kept, copy, &most) != APR_SUCCESS) {
        return NULL;
    }
    *length = most;
    copy[most] = '\0';
    return copy;
}

void backhand_body_check(backhand_body *body)
{
    apr_bucket_brigade *nothing = apr_brigade_create(body->r->pool, body->r->connection->bucket_alloc);

    backhand_body_stack_enter(&body->stack);
    /* HTTP's filter reads LimitRequestBody at the first read, but not for a request that mod_proxy has. If this read
     * returns the end of the body, the next read returns it again. */
    (void)backhand_body_read_below(body, body->stack.protocol, nothing, AP_MODE_READBYTES, APR_NONBLOCK_READ, 0);
    backhand_body_stack_leave(&body->stack);
    apr_brigade_destroy(nothing);
}

void backhand_body_keep(backhand_body *body, apr_off_t keep)
{
    body->keep = keep;
}

void backhand_body_begin(backhand_body *body, const int *sent)
{
    body->sent = sent;
    backhand_body_stack_enter(&body->stack);
}

void backhand_body_hold_end(backhand_body *body, int hold)
{
    body->hold_end = hold;
}

void backhand_body_end(backhand_body *body)
{
    body->sent = NULL;
    body->hold_end = 0;
    backhand_body_stack_leave(&body->stack);
}

/* Takes the data away from mod_proxy_http, so that the next attempt starts anew. */
static apr_bucket_brigade *take_proxy_input(request_rec *r)
{
    void *input = NULL;
    apr_pool_userdata_get(&input, PROXY_INPUT_KEY, r->pool);
    apr_pool_userdata_setn(NULL, PROXY_INPUT_KEY, NULL, r->pool);
    return input;
}

void backhand_body_unread(backhand_body *body)
{
    apr_bucket_brigade *input = take_proxy_input(body->r);
    if (input) {
        APR_BRIGADE_PREPEND(body->pending, input);
    }
}

int backhand_body_rewind(backhand_body *body)
{
    apr_bucket_brigade *input = take_proxy_input(body->r);

    if (input) {
        apr_brigade_cleanup(input);
    }
    return !body->lost && put_copies_back(body) == APR_SUCCESS;
}

void backhand_body_answered(backhand_body *body)
{
    body->r->input_filters = body->stack.filter;
}

int backhand_body_offer(backhand_body *body)
{
    /* An internal redirect keeps only the protocol filters. */
    if (!body->stack.fed) {
        body->r->proto_input_filters = body->stack.filter;
    }
    return !body->stack.fed;
}

void backhand_body_settle(backhand_body *body)
{
    if (APR_BRIGADE_EMPTY(body->pending)) {
        ap_remove_input_filter(body->stack.filter);
    }
    else {
        (void)backhand_body_offer(body);
    }
}

int backhand_body_status(const backhand_body *body)
{
    return body->status;
}

int backhand_body_answer(const backhand_body *body)
{
    const request_rec *r = body->r;
    apr_bucket_brigade *bb;

    if (!body->error) {
        return body->status;
    }
    bb = apr_brigade_create(r->pool, r->connection->bucket_alloc);
    APR_BRIGADE_INSERT_TAIL(bb, ap_bucket_error_create(body->error, NULL, r->pool, bb->bucket_alloc));
    APR_BRIGADE_INSERT_TAIL(bb, apr_bucket_eos_create(bb->bucket_alloc));
    (void)ap_pass_brigade(r->output_filters, bb);
    return AP_FILTER_ERROR;
}

int backhand_body_is_kept(const backhand_body *body)
{
    return body->keep >= 0 && !__atomic_load_n(&body->lost, __ATOMIC_RELAXED);
}
