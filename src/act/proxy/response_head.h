/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file response_head.h
 * @brief The head of a response as the other server sent it, line by line.
 *
 * mod_proxy_http puts cookies last, writes dates anew and drops some headers. What a handed-off request gets are the
 * headers in the other server's words and order, those of the connection excepted. mod_proxy_http gives up on lines
 * over 8 KB, and gets them shortened.
 */
#ifndef BACKHAND_RESPONSE_HEAD_H
#define BACKHAND_RESPONSE_HEAD_H

#include <httpd.h>
#include <util_filter.h>

/** A head may be so long, all interim ones before it included. */
#define BACKHAND_RESPONSE_HEAD_MAX (1024 * 1024)

/** The head of one response; zeros but for the pool to begin with. */
typedef struct backhand_response_head {
    apr_pool_t *pool;      /**< the request's */
    int status;            /**< of the newest status line, interim ones included; 0: none yet, or not HTTP/1 */
    int complete;          /**< the empty line after the headers of `status` was seen */
    int odd;               /**< some line could not be read: mod_proxy_http's headers stand */
    apr_table_t *fields;   /**< of `status`, in the order they came */
    const char *reason;    /**< what follows the version in the status line */
    const char *partial;   /**< beginning of a line whose end is to come */
    apr_size_t partly;     /**< its length */
    apr_size_t line, size; /**< bytes of the newest line, and of all of them */
    int more;              /**< the newest line belongs to the header before it */
    apr_size_t passed;     /**< bytes of the newest header that mod_proxy_http got, of all its lines */
    int shortened;         /**< mod_proxy_http got a line of it cut short */
} backhand_response_head;

/** True once the head of a response that is no interim one is there. */
int backhand_response_head_is_final(const backhand_response_head *head);

/**
 * Takes a line, or a part of one, that was read for mod_proxy_http. Of a line that is too long for mod_proxy_http it
 * reads the rest from the filter `from`, and leaves in the brigade a beginning that is not: the head keeps the whole
 * line.
 * @return APR_SUCCESS; APR_EGENERAL: no HTTP/1 response; APR_ENOSPC: longer than BACKHAND_RESPONSE_HEAD_MAX, or too
 * long and such that mod_proxy_http's headers must stand; else what reading came to
 */
apr_status_t backhand_response_head_read(backhand_response_head *head, apr_bucket_brigade *bb, ap_filter_t *from,
                                         apr_read_type_e block);

/**
 * Gives a response that is about to be passed on the headers that came.
 * @param own  headers that this server has set for the connection with its client, as Upgrade
 */
void backhand_response_head_apply(const backhand_response_head *head, request_rec *r, const apr_table_t *own);

#endif
