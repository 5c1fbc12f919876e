/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file body_stack.h
 * @brief The place of the filter that gives a body back (body.h), and the filters below it while the body is lent.
 *
 * All functions: the thread of the request.
 */
#ifndef BACKHAND_BODY_STACK_H
#define BACKHAND_BODY_STACK_H

#include <httpd.h>
#include <util_filter.h>

typedef struct backhand_body_stack {
    request_rec *r;
    ap_filter_t *filter;   /**< gives the body back */
    ap_filter_t *error;    /**< holds back what httpd would answer to a client's error */
    ap_filter_t *protocol; /**< HTTP's own input filter */
    int fed;               /**< a part was read before the handler: filters below `filter` feed it again */
    int entered;           /**< the body is lent */
    ap_filter_t *input_filters, *proto_input_filters; /**< the request's filters before the body was lent */
    apr_array_header_t *below; /**< ap_filter_t *, all filters below `filter` before the body was lent; NULL: all
                                * stay */
} backhand_body_stack;

/** True when the request has a body, even if all of it has been read. */
int backhand_body_stack_has_body(request_rec *r);

/** Inserts the filter: directly above HTTP's own filters, or above the topmost filter that feeds. */
void backhand_body_stack_init(backhand_body_stack *stack, request_rec *r, ap_filter_rec_t *filter,
                              ap_filter_rec_t *error, void *ctx);

/** Begins the loan: the request reads from the filter on, without content filters; `error` is on top of its output
 * filters. */
void backhand_body_stack_enter(backhand_body_stack *stack);

/** Ends the loan: restores the filters, except those that have removed themselves. */
void backhand_body_stack_leave(backhand_body_stack *stack);

int backhand_body_stack_is_entered(const backhand_body_stack *stack);

#endif
