/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file body.h
 * @brief The request's body while it is on offer: whatever a try has read can be put back.
 */
#ifndef BACKHAND_BODY_H
#define BACKHAND_BODY_H

#include "config.h"

#include <util_filter.h>

typedef struct backhand_body backhand_body;

/** Registers the filter. */
void backhand_body_register(void);

/**
 * Puts a filter between the request's content filters and the protocol's.
 * @param keep  bytes of the body that are kept so that it can be sent again
 */
backhand_body *backhand_body_insert(request_rec *r, apr_off_t keep);

/** The filter, as the place where a try starts to read. */
ap_filter_t *backhand_body_filter(backhand_body *body);

/**
 * While `hold` is set, who reads without waiting is not told that the body has ended. mod_proxy_http, which sends a short
 * body with its length, sends it in chunks then, as it came.
 */
void backhand_body_hold_end(backhand_body *body, int hold);

/**
 * Begins a try. What it reads while `*sent` is 0 is kept even if it is more than was said to be, up to what mod_proxy_http
 * reads before it sends: a server may still refuse, with the body's beginning in its hands.
 * @param sent  lives as long as the try; NULL: nothing is read whose sending can still fail
 */
void backhand_body_begin(backhand_body *body, const int *sent);

/** True while all of the body that was read can be sent again. Any thread. */
int backhand_body_is_kept(const backhand_body *body);

/** After a try of which nothing left: what it had read is put back. */
void backhand_body_unread(backhand_body *body, request_rec *r);

/** After a try of which something left, or was passed on to leave: the kept bytes are put back. @return 0 when more was
 * read than is kept */
int backhand_body_rewind(backhand_body *body, request_rec *r);

#endif
