/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "act/proxy/body.h"
#include "act/proxy/body_stack.h"

#include <http_protocol.h>

/* Where mod_proxy_http keeps what it has read of the body and not yet sent. */
#define PROXY_INPUT_KEY "proxy-req-input"

/* So much of a body is taken in at a time. */
#define PIECE 65536

/* More than mod_proxy_http reads of a body before it sends any of it. */
#define UNSENT_MAX 65536

/* The fields in which httpd's old way of reading a body (ap_get_client_block) keeps its state. */
typedef struct client_block {
    int read_body, read_chunked;
    apr_off_t remaining, read_length;
} client_block;

struct backhand_body {
    request_rec *r;
    backhand_body_stack stack;
    apr_bucket_brigade *pending; /* put back: read before anything else */
    apr_bucket_brigade *kept;    /* copies of all that was read */
    apr_off_t keep;              /* how much may be kept, to be sent again; -1: nothing */
    apr_off_t kept_length;       /* without what a policy has read: that is kept anyway */
    int lent;                    /* a policy reads, or the body is being taken in */
    apr_off_t lent_max;          /* how much new data that may read */
    apr_off_t buffered;          /* bytes at the beginning of `kept` that backhand_body_buffer() took in */
    int lost;                    /* more was read than may be kept, nothing is kept any more */
    const int *sent;             /* see backhand_body_begin() */
    int hold_end;                /* see backhand_body_hold_end() */
    int reading;                 /* calls under way of the filters below */
    int error;                   /* the status of the error that one of them passed to the output filters; 0: none */
    int status;                  /* see backhand_body_status() */
    client_block block;          /* as it was before a policy read */
};

static ap_filter_rec_t *body_filter, *error_filter;

static apr_off_t limit_of(const backhand_body *body)
{
    if (body->lent) {
        /* One more than may be read, to see that there is more. */
        return body->lent_max + 1;
    }
    return body->sent && !*body->sent && body->keep < UNSENT_MAX ? UNSENT_MAX : body->keep;
}

static int ends(const apr_bucket_brigade *bb)
{
    return !APR_BRIGADE_EMPTY(bb) && APR_BUCKET_IS_EOS(APR_BRIGADE_LAST(bb));
}

/* An end once: HTTP's filter says it as often as it is asked. */
static apr_status_t keep_copies(backhand_body *body, apr_bucket_brigade *bb)
{
    for (apr_bucket *b = APR_BRIGADE_FIRST(bb); !body->lost && b != APR_BRIGADE_SENTINEL(bb); b = APR_BUCKET_NEXT(b)) {
        const char *data;
        apr_size_t length;
        apr_bucket *copy;
        apr_status_t rv;

        if (APR_BUCKET_IS_EOS(b) && !ends(body->kept)) {
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

/* Reads from the filters below. An error ends the body: HTTP's filter would give a clean end the next time. */
static apr_status_t read_below(backhand_body *body, ap_filter_t *from, apr_bucket_brigade *bb, ap_input_mode_t mode,
                               apr_read_type_e block, apr_off_t readbytes)
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

static apr_status_t read_new(backhand_body *body, ap_filter_t *f, apr_bucket_brigade *bb, ap_input_mode_t mode,
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
    rv = read_below(body, f->next, bb, mode, block, readbytes);
    if (rv == APR_SUCCESS && mode != AP_MODE_SPECULATIVE) {
        rv = keep_copies(body, bb);
    }
    if (rv == APR_SUCCESS && body->lent && body->kept_length > body->lent_max) {
        apr_brigade_cleanup(bb);
        return APR_ENOSPC;
    }
    return rv;
}

/* As HTTP's filter does: a handler reads what came from a client that did not wait for 100 Continue. Its connection can
 * be kept. Not so when the answer is an error, and httpd only discards the body. */
static void stop_expecting(const backhand_body *body, request_rec *r)
{
    if (!backhand_body_stack_is_entered(&body->stack) && ap_is_HTTP_SUCCESS(r->status)) {
        r->expecting_100 = 0;
    }
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
    if (body->status) {
        return AP_FILTER_ERROR;
    }
    if (!APR_BRIGADE_EMPTY(body->pending) && block == APR_BLOCK_READ) {
        stop_expecting(body, f->r);
    }
    rv = APR_BRIGADE_EMPTY(body->pending) ? read_new(body, f, bb, mode, block, readbytes)
                                          : read_pending(body, bb, mode, readbytes);
    if (rv == APR_SUCCESS && block == APR_NONBLOCK_READ && mode == AP_MODE_READBYTES && body->hold_end && ends(bb)) {
        apr_bucket *end = APR_BRIGADE_LAST(bb);
        APR_BUCKET_REMOVE(end);
        APR_BRIGADE_INSERT_HEAD(body->pending, end);
    }
    return rv;
}

/* While it is read from, HTTP's filter answers a client's error by a bucket that it gives to the output filters. */
static apr_status_t error_output(ap_filter_t *f, apr_bucket_brigade *bb)
{
    backhand_body *body = f->ctx;

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

void backhand_body_register(void)
{
    /* Between the content filters, which run where the request is served, and the protocol's own. */
    body_filter = ap_register_input_filter("BACKHAND_BODY", body_input, NULL, (ap_filter_type)(AP_FTYPE_PROTOCOL - 2));
    error_filter = ap_register_output_filter("BACKHAND_BODY_ERROR", error_output, NULL, AP_FTYPE_RESOURCE);
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
    backhand_body_stack_init(&body->stack, r, body_filter, error_filter, body);
    return body;
}

int backhand_body_is_coded(const backhand_body *body)
{
    const char *codings = apr_table_get(body->r->headers_in, "Transfer-Encoding");
    return codings && strcasecmp(codings, "chunked") != 0;
}

/* Copies of all that was read. What is still pending is among them. */
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
    body->block = (client_block){r->read_body, r->read_chunked, r->remaining, r->read_length};
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
        ended = ends(bb);
        apr_brigade_cleanup(bb);
    }
    body->buffered = body->kept_length;
    backhand_body_return(body);
    apr_brigade_destroy(bb);
}

const char *backhand_request_body(struct request_rec *r, size_t *length)
{
    *length = 0;
    for (const ap_filter_t *f = r->input_filters; f; f = f->next) {
        if (f->frec == body_filter) {
            const backhand_body *body = f->ctx;
            apr_size_t most = (apr_size_t)body->buffered;
            char *copy = apr_palloc(r->pool, most + 1);
            if (apr_brigade_flatten(body->kept, copy, &most) == APR_SUCCESS) {
                *length = most;
                copy[most] = '\0';
                return copy;
            }
        }
    }
    return NULL;
}

void backhand_body_check(backhand_body *body)
{
    apr_bucket_brigade *nothing = apr_brigade_create(body->r->pool, body->r->connection->bucket_alloc);

    backhand_body_stack_enter(&body->stack);
    /* It takes the limit when it is first read from, and would take none of a request that mod_proxy has. An end that
     * comes here comes again at the next reading. */
    (void)read_below(body, body->stack.protocol, nothing, AP_MODE_READBYTES, APR_NONBLOCK_READ, 0);
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

/* mod_proxy_http begins anew on the next attempt. */
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

void backhand_body_settle(backhand_body *body)
{
    if (APR_BRIGADE_EMPTY(body->pending)) {
        ap_remove_input_filter(body->stack.filter);
    }
    else if (!body->stack.fed) {
        /* An internal redirect takes nothing but the protocol's filters along. */
        body->r->proto_input_filters = body->stack.filter;
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
