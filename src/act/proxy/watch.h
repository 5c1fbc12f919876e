/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file watch.h
 * @brief Tells whether a part of a request's body was read before the handler, and which filters feed it again.
 *
 * A module that reads the body early, such as mod_security2, adds an input filter that feeds it to the handler again.
 * Content filters (DEFLATE, PerlInputFilterHandler) stand in the same list, but are added later: httpd inserts them
 * after the first insert_filter hooks have run. All functions: the thread of the request.
 */
#ifndef BACKHAND_WATCH_H
#define BACKHAND_WATCH_H

#include "config/config.h"

#include <util_filter.h>

/** Registers the filter and its hooks. Hook registration time. */
void backhand_watch_register(void);

/** True when the request's header announces a body, whatever the method. */
int backhand_watch_announced(request_rec *r);

/** True when a part of the body, or its end, has been read already. */
int backhand_watch_has_read(const request_rec *r);

/** True for an input filter that was there before the content filters, including the watch itself. */
int backhand_watch_feeds(const request_rec *r, const ap_filter_t *f);

#endif
