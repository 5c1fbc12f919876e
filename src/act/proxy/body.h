/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file body.h
 * @brief Reads a request's body for a policy or for an attempt at another server, and can put it back.
 *
 * A filter among the request's input filters keeps copies of the data. It stands directly above HTTP's own filter. If a
 * module read the body before and feeds it again, it stands above the topmost filter that feeds (watch.h). Content
 * filters run where the request is served, so they take no part while the body is lent. Meanwhile a second filter, on
 * top of the output filters, holds back httpd's answer to a client's error in its body; the caller answers instead. All
 * functions but backhand_body_is_kept(): the thread of the request.
 */
#ifndef BACKHAND_BODY_H
#define BACKHAND_BODY_H

#include "config/config.h"

#include <util_filter.h>

/** Largest part of a body that a policy may read, in bytes. It stays in memory until the request ends. */
#define BACKHAND_BODY_LENT_MAX 131072

typedef struct backhand_body backhand_body;

/** Registers the filters. Hook registration time. */
void backhand_body_register(void);

/** Inserts the filter. @return NULL: the request has no body */
backhand_body *backhand_body_open(request_rec *r);

/** True when the body has a transfer coding besides `chunked`, which mod_proxy does not send. */
int backhand_body_is_coded(const backhand_body *body);

/**
 * Reads the first `size` bytes of the body, or all of a shorter one, waits for them, and puts them back. They stay in
 * memory until the request ends. Called before the chain runs. After a client's error backhand_body_status() is set.
 * @param size  from 1
 */
void backhand_body_buffer(backhand_body *body, apr_off_t size);

/** Lends the body to a policy. After BACKHAND_BODY_LENT_MAX bytes its reads fail with APR_ENOSPC. */
void backhand_body_lend(backhand_body *body);

/** Ends the loan to the policy, and puts back the data that it has read. */
void backhand_body_return(backhand_body *body);

/** Makes httpd check the request's header fields about the body before the first attempt, so that LimitRequestBody
 * applies. Reads no data and does not wait. */
void backhand_body_check(backhand_body *body);

/** Sets how many bytes of the body are kept, to be sent again after a part of it was sent; -1: none. */
void backhand_body_keep(backhand_body *body, apr_off_t keep);

/**
 * Begins an attempt: sets the input filters that the attempt reads from. Data read while `*sent` is 0 is kept even
 * beyond backhand_body_keep(), up to the amount that mod_proxy_http reads before it sends: the server may still refuse
 * the connection, when mod_proxy has already read the beginning of the body.
 * @param sent  lives as long as the attempt; NULL: no data is kept for this reason
 */
void backhand_body_begin(backhand_body *body, const int *sent);

/**
 * While `hold` is set, a read without waiting does not return the end of the body. Otherwise mod_proxy_http would send
 * a short body with its length, although it came in chunks.
 */
void backhand_body_hold_end(backhand_body *body, int hold);

/** Ends an attempt, and restores the input filters. */
void backhand_body_end(backhand_body *body);

/** After an attempt that sent nothing: puts back the data that it had read. */
void backhand_body_unread(backhand_body *body);

/** After an attempt that sent, or may have sent, a part of the body: puts the kept bytes back. @return 0: more was read
 * than is kept */
int backhand_body_rewind(backhand_body *body);

/** Called when another server has answered: httpd will discard the rest of the body without content filters. */
void backhand_body_answered(backhand_body *body);

/** Called when the request is served here: its handler gets the whole body, also through an internal redirect. */
void backhand_body_settle(backhand_body *body);

/** As backhand_body_settle(), and keeps what the handler reads: backhand_body_rewind() puts it back. @return 0: what
 * the handlers of an internal redirect read is not kept */
int backhand_body_offer(backhand_body *body);

/** The status with which httpd answers a client's error in the body (400, 408, 413, 501); 0: there was none. After an
 * error the body is not read further, and the connection is closed. */
int backhand_body_status(const backhand_body *body);

/** Answers that error as httpd does: gives the held-back answer to the output filters. @return the handler's result */
int backhand_body_answer(const backhand_body *body);

/** True while all data read from the body can be sent again. Any thread. */
int backhand_body_is_kept(const backhand_body *body);

#endif
