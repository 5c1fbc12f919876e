/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "act/proxy/body_stack.h"
#include "act/proxy/watch.h"

#include <http_protocol.h>

int backhand_body_stack_has_body(request_rec *r)
{
    return backhand_watch_announced(r) || backhand_watch_has_read(r);
}

/* Moves the filter above a filter that feeds. httpd places a new filter only by its type. */
static void move_above(backhand_body_stack *stack, ap_filter_t *other)
{
    ap_filter_t **link = &stack->r->input_filters;

    ap_remove_input_filter(stack->filter);
    while (*link != other) {
        link = &(*link)->next;
    }
    stack->filter->next = other;
    *link = stack->filter;
}

void backhand_body_stack_init(backhand_body_stack *stack, request_rec *r, ap_filter_rec_t *filter,
                              ap_filter_rec_t *error, void *ctx)
{
    stack->r = r;
    stack->protocol = r->proto_input_filters;
    stack->fed = backhand_watch_has_read(r);
    stack->filter = ap_add_input_filter_handle(filter, ctx, r, r->connection);
    for (ap_filter_t *f = r->input_filters; stack->fed && f != stack->filter; f = f->next) {
        if (backhand_watch_feeds(r, f)) {
            move_above(stack, f);
            break;
        }
    }
    stack->error = ap_add_output_filter_handle(error, ctx, r, r->connection);
    ap_remove_output_filter(stack->error);
}

static void link_all(backhand_body_stack *stack, const apr_array_header_t *filters)
{
    ap_filter_t **link = &stack->filter->next;

    for (int i = 0; i < filters->nelts; i++) {
        *link = APR_ARRAY_IDX(filters, i, ap_filter_t *);
        link = &(*link)->next;
    }
    *link = stack->protocol;
}

static apr_array_header_t *filters_below(const backhand_body_stack *stack)
{
    apr_array_header_t *filters = apr_array_make(stack->r->pool, 4, sizeof(ap_filter_t *));

    for (ap_filter_t *f = stack->filter->next; f != stack->protocol; f = f->next) {
        APR_ARRAY_PUSH(filters, ap_filter_t *) = f;
    }
    return filters;
}

static int is_among(const ap_filter_t *f, const apr_array_header_t *filters)
{
    for (int i = 0; i < filters->nelts; i++) {
        if (APR_ARRAY_IDX(filters, i, ap_filter_t *) == f) {
            return 1;
        }
    }
    return 0;
}

/* Returns the filters of `filters` that stay while the body is lent. */
static apr_array_header_t *feeders_among(const backhand_body_stack *stack, const apr_array_header_t *filters)
{
    apr_array_header_t *feeders = apr_array_make(stack->r->pool, 4, sizeof(ap_filter_t *));

    for (int i = 0; i < filters->nelts; i++) {
        ap_filter_t *f = APR_ARRAY_IDX(filters, i, ap_filter_t *);
        if (backhand_watch_feeds(stack->r, f)) {
            APR_ARRAY_PUSH(feeders, ap_filter_t *) = f;
        }
    }
    return feeders;
}

static void take_content_filters_out(backhand_body_stack *stack)
{
    apr_array_header_t *feeders;

    stack->below = filters_below(stack);
    feeders = feeders_among(stack, stack->below);
    link_all(stack, feeders);
}

static void put_content_filters_in(backhand_body_stack *stack)
{
    const apr_array_header_t *still = filters_below(stack), *feeders = feeders_among(stack, stack->below);
    apr_array_header_t *filters = apr_array_make(stack->r->pool, stack->below->nelts, sizeof(ap_filter_t *));

    for (int i = 0; i < stack->below->nelts; i++) {
        ap_filter_t *f = APR_ARRAY_IDX(stack->below, i, ap_filter_t *);
        if (is_among(f, still) || !is_among(f, feeders)) {
            APR_ARRAY_PUSH(filters, ap_filter_t *) = f;
        }
    }
    link_all(stack, filters);
}

void backhand_body_stack_enter(backhand_body_stack *stack)
{
    request_rec *r = stack->r;

    stack->entered = 1;
    stack->input_filters = r->input_filters;
    stack->proto_input_filters = r->proto_input_filters;
    if (stack->fed) {
        take_content_filters_out(stack);
    }
    else {
        /* mod_proxy_http passes Content-Length on only if these two are the same. Otherwise it first reads the whole
         * body to learn its length, which a filter that feeds may have changed. */
        r->proto_input_filters = stack->filter;
    }
    r->input_filters = stack->filter;
    stack->error->next = r->output_filters;
    r->output_filters = stack->error;
}

void backhand_body_stack_leave(backhand_body_stack *stack)
{
    request_rec *r = stack->r;

    stack->entered = 0;
    r->input_filters = stack->input_filters;
    r->proto_input_filters = stack->proto_input_filters;
    if (stack->fed) {
        put_content_filters_in(stack);
    }
    ap_remove_output_filter(stack->error);
}

int backhand_body_stack_is_entered(const backhand_body_stack *stack)
{
    return stack->entered;
}
