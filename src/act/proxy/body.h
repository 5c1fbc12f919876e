/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file body.h
 * @brief The request's body while a policy or another server's attempt reads it. Whatever they read can be put back.
 *
 * A filter among the request's input filters keeps what passes. It stands directly above HTTP's own filter, or, when a
 * module read the body before and feeds it again, above the topmost filter that feeds (watch.h). Content filters run
 * where the request is served, and take no part while the body is lent. Meanwhile a second filter, on top of the output
 * filters, holds back what httpd would answer to a client's error in its body; the caller answers instead. All
 * functions but backhand_body_is_kept(): the thread of the request.
 */
#ifndef BACKHAND_BODY_H
#define BACKHAND_BODY_H

#include "config/config.h"

#include <util_filter.h>

/** How much of a body a policy may read, in bytes: it stays in memory until the request ends. */
#define BACKHAND_BODY_LENT_MAX 131072

typedef struct backhand_body backhand_body;

/** Registers the filters. Hook registration time. */
void backhand_body_register(void);

/** Puts the filter in. @return NULL: the request has no body */
backhand_body *backhand_body_open(request_rec *r);

/** True when the body has a transfer coding besides `chunked`, which mod_proxy does not send. */
int backhand_body_is_coded(const backhand_body *body);

/**
 * Takes the first `size` bytes of the body in, or all of it if it is shorter, and waits for them. They are put back to
 * be read, and stay in memory until the request ends. Before the chain runs. A client's error shows in
 * backhand_body_status().
 * @param size  from 1
 */
void backhand_body_buffer(backhand_body *body, apr_off_t size);

/** A policy may read. Past BACKHAND_BODY_LENT_MAX bytes its reading fails with APR_ENOSPC. */
void backhand_body_lend(backhand_body *body);

/** After the policy: the request reads as if nobody had read of its body. */
void backhand_body_return(backhand_body *body);

/** Has httpd look at what the header says of the body, before the first attempt: LimitRequestBody holds from here on.
 * Reads no data and does not wait. */
void backhand_body_check(backhand_body *body);

/** Says how many bytes of the body are kept so that it can be sent again after some of it left; -1: none. */
void backhand_body_keep(backhand_body *body, apr_off_t keep);

/**
 * Begins an attempt: the request's input filters are those that the attempt shall read from. What it reads while
 * `*sent` is 0 is kept even if it is more than was said to be, up to what mod_proxy_http reads before it sends: a
 * server may still refuse, with the body's beginning in its hands.
 * @param sent  lives as long as the attempt; NULL: nothing is read whose sending can still fail
 */
void backhand_body_begin(backhand_body *body, const int *sent);

/**
 * While `hold` is set, who reads without waiting is not told that the body has ended. mod_proxy_http, which sends a
 * short body with its length, sends it in chunks then, as it came.
 */
void backhand_body_hold_end(backhand_body *body, int hold);

/** Ends an attempt. The input filters are as before it. */
void backhand_body_end(backhand_body *body);

/** After an attempt of which nothing left: what it had read is put back. */
void backhand_body_unread(backhand_body *body);

/** After an attempt of which something left, or was passed on to leave: the kept bytes are put back. @return 0 when
 * more was read than is kept */
int backhand_body_rewind(backhand_body *body);

/** Another server has answered: httpd discards the rest of the body, and no content filter sees it. */
void backhand_body_answered(backhand_body *body);

/** The request is served here: its handler gets the whole body, through an internal redirect too. */
void backhand_body_settle(backhand_body *body);

/** The status by which httpd answers the error of the client that ended the reading (400, 408, 413, 501); 0: there was
 * none. Nobody reads the body any more, nor is the connection kept. */
int backhand_body_status(const backhand_body *body);

/** Answers that error as httpd does: what was held back goes to the output filters. @return what the handler returns */
int backhand_body_answer(const backhand_body *body);

/** True while all of the body that was read can be sent again. Any thread. */
int backhand_body_is_kept(const backhand_body *body);

#endif
