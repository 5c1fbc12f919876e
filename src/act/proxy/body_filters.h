/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file body_filters.h
 * @brief The two filters of body.h: one keeps the data that is read, one holds back the answer to a client's error.
 *
 * For body.c. All functions: the thread of the request.
 */
#ifndef BACKHAND_BODY_FILTERS_H
#define BACKHAND_BODY_FILTERS_H

#include "act/proxy/body_stack.h"

/** The fields in which httpd's old way of reading a body (ap_get_client_block) keeps its state. */
typedef struct backhand_client_block {
    int read_body, read_chunked;
    apr_off_t remaining, read_length;
} backhand_client_block;

struct backhand_body {
    request_rec *r;
    backhand_body_stack stack;
    apr_bucket_brigade *pending; /**< data that was put back, which is read first */
    apr_bucket_brigade *kept;    /**< copies of all data that was read */
    apr_off_t keep;              /**< bytes that may be kept, to be sent again; -1: none */
    apr_off_t kept_length;       /**< bytes kept, without those that a policy has read, which are kept in any case */
    int lent;                    /**< a policy reads, or backhand_body_buffer() does */
    apr_off_t lent_max;          /**< bytes of new data that these may read */
    apr_off_t buffered;          /**< bytes at the beginning of `kept` that backhand_body_buffer() took in */
    int lost;                    /**< more was read than may be kept; nothing is kept from then on */
    const int *sent;             /**< see backhand_body_begin() */
    int hold_end;                /**< see backhand_body_hold_end() */
    int reading;                 /**< calls of the filters below that are under way */
    int error;                   /**< status of the error that one of these filters sent to the output filters; 0:
                                  * none */
    int status;                  /**< see backhand_body_status() */
    backhand_client_block block; /**< the fields as they were before a policy read */
};

/** Registers both filters. Hook registration time. */
void backhand_body_filters_register(void);

/** Inserts both filters at the places of the request's `stack`. */
void backhand_body_filters_put_in(struct backhand_body *body);

/** The body whose filter is among the request's input filters; NULL: none. */
const struct backhand_body *backhand_body_filters_find(const request_rec *r);

/** Reads from `from`, a filter below the first one, and keeps no copies. Sets the body's `status` after an error. */
apr_status_t backhand_body_read_below(struct backhand_body *body, ap_filter_t *from, apr_bucket_brigade *bb,
                                      ap_input_mode_t mode, apr_read_type_e block, apr_off_t readbytes);

/** True when the brigade ends with the end of the body. */
int backhand_body_ends(const apr_bucket_brigade *bb);

#endif
