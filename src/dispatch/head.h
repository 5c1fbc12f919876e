/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file head.h
 * @brief The head of a response as the other server sent it, line by line.
 *
 * mod_proxy_http puts cookies last, writes dates anew and drops some headers. What a handed-off request gets are the
 * headers in the other server's words and order, those of the connection excepted.
 */
#ifndef BACKHAND_HEAD_H
#define BACKHAND_HEAD_H

#include <httpd.h>
#include <util_filter.h>

/** The head of one response; zeros but for the pool to begin with. */
typedef struct backhand_head {
    apr_pool_t *pool;    /**< the request's */
    int status;          /**< of the newest status line, interim ones included; 0: none yet */
    int complete;        /**< the empty line after the headers of `status` was seen */
    int odd;             /**< some line could not be read: mod_proxy_http's headers stand */
    apr_table_t *fields; /**< of `status`, in the order they came */
    const char *partial; /**< beginning of a line whose end is to come */
} backhand_head;

/** Takes a line, or a part of one, that mod_proxy_http is about to read; changes nothing of it. */
apr_status_t backhand_head_take(backhand_head *head, apr_bucket_brigade *bb);

/** Gives a response that is about to be passed on the headers that came. */
void backhand_head_apply(const backhand_head *head, request_rec *r);

#endif
