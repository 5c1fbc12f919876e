/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file wide.h
 * @brief Limits for requests that another server handed here. The front server has applied its own limits; the client
 * must not meet a second set.
 *
 * httpd reads a request by the limits of the address that it came to (LimitRequestLine, LimitRequestFields,
 * LimitRequestFieldSize). At this time nobody knows whether it has a mark. A handed-off request has two headers more
 * than the client sent, and the client may have asked a virtual host with wider limits. So httpd reads a request from a
 * server that AcceptStats covers by the widest limits of all virtual hosts, plus the size that a hand-off adds. If the
 * request has no mark that is believed, the ordinary limits are applied afterwards, with httpd's own answers.
 */
#ifndef BACKHAND_WIDE_H
#define BACKHAND_WIDE_H

#include <httpd.h>

/** Prepares the wider limits. Called by httpd's parent at each start. */
void backhand_wide_post_config(apr_pool_t *p, server_rec *s);

/**
 * True when only `HttpProtocolOptions Unsafe` let the request in, by its target or its headers: the host that reads it
 * on another server may not have this option. Also true when the host of an absolute URL is none that httpd accepts in
 * a Host header.
 */
int backhand_wide_is_unsafe(const request_rec *r);

/** Registers the hooks and the filter. */
void backhand_wide_register(void);

#endif
