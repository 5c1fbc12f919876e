/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file watch.h
 * @brief Tells whether anything of a request's body was read before the handler, and which filters feed it again.
 *
 * A module that reads the body early, as mod_security2 does, adds an input filter that gives it to the handler. Content
 * filters (DEFLATE, PerlInputFilterHandler) stand in the same list, but they are put in later: httpd adds them after
 * the first insert_filter hooks have run. All functions: the thread of the request.
 */
#ifndef BACKHAND_WATCH_H
#define BACKHAND_WATCH_H

#include "config/config.h"

#include <util_filter.h>

/** Registers the filter and its hooks. Hook registration time. */
void backhand_watch_register(void);

/** True when the request's header announces a body, of any method. */
int backhand_watch_announced(request_rec *r);

/** True when some of the body, or its end, was read before now. */
int backhand_watch_has_read(const request_rec *r);

/** True for an input filter of the request that was there before the content filters, the watch itself included. */
int backhand_watch_feeds(const request_rec *r, const ap_filter_t *f);

#endif
