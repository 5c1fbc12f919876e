/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file response_head.h
 * @brief Keeps the head of a response as the other server sent it, line by line.
 *
 * mod_proxy_http moves cookies to the end, rewrites dates and drops some headers. A handed-off request gets the headers
 * in the other server's text and order, except those of the connection. mod_proxy_http fails on lines over 8 KB, so it
 * gets them shortened.
 */
#ifndef BACKHAND_RESPONSE_HEAD_H
#define BACKHAND_RESPONSE_HEAD_H

#include <httpd.h>
#include <util_filter.h>

/** Longest head with all interim ones before it, in bytes. */
#define BACKHAND_RESPONSE_HEAD_MAX (1024 * 1024)

/** The head of one response. All fields but the pool begin as 0. */
typedef struct backhand_response_head {
    apr_pool_t *pool;      /**< the request's */
    int status;            /**< status of the newest status line, interim ones included; 0: none yet, or not HTTP/1 */
    int complete;          /**< the empty line after the headers of `status` was seen */
    int odd;               /**< a line could not be parsed: mod_proxy_http's headers are used */
    apr_table_t *fields;   /**< the headers of `status`, in the order in which they came */
    const char *reason;    /**< the text after the version in the status line */
    const char *partial;   /**< beginning of a line whose end has not come yet */
    apr_size_t partly;     /**< its length */
    apr_size_t line, size; /**< bytes of the newest line, and of all lines */
    int more;              /**< the newest line continues the header before it */
    apr_size_t passed;     /**< bytes of the newest header, with all its lines, that mod_proxy_http got */
    int shortened;         /**< mod_proxy_http got a shortened line */
} backhand_response_head;

/** True once the head of a final response, not an interim one, is complete. */
int backhand_response_head_is_final(const backhand_response_head *head);

/**
 * Takes a line, or a part of one, that was read for mod_proxy_http. If the line is too long for mod_proxy_http, reads
 * its rest from the filter `from`, keeps the whole line in the head, and leaves a short beginning in the brigade.
 * @return APR_SUCCESS; APR_EGENERAL: no HTTP/1 response; APR_ENOSPC: longer than BACKHAND_RESPONSE_HEAD_MAX, or too
 * long where mod_proxy_http's headers must be used; else the error of the read
 */
apr_status_t backhand_response_head_read(backhand_response_head *head, apr_bucket_brigade *bb, ap_filter_t *from,
                                         apr_read_type_e block);

/**
 * Gives a response its headers as they came, before it is passed on.
 * @param own  headers that this server has set for its connection with the client, such as Upgrade
 */
void backhand_response_head_apply(const backhand_response_head *head, request_rec *r, const apr_table_t *own);

#endif
