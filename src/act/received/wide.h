/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file wide.h
 * @brief The limits of a request that another server handed here: the client has met that server's, and meets none
 * twice.
 *
 * httpd reads a request by the limits of the address that it came to (LimitRequestLine, LimitRequestFields,
 * LimitRequestFieldSize), before anybody can know that it carries a mark. A handed-off request has two headers more
 * than the client sent, and the client may have asked a virtual host with wider limits. So a request from a server that
 * AcceptStats covers is read by the widest limits of all virtual hosts, and what a hand-off adds. If it turns out to
 * have no mark, or one that is not believed, the ordinary limits are applied afterwards, with httpd's own answers.
 */
#ifndef BACKHAND_WIDE_H
#define BACKHAND_WIDE_H

#include <httpd.h>

/** Prepares the wider limits. By httpd's parent, at each start. */
void backhand_wide_post_config(apr_pool_t *p, server_rec *s);

/**
 * True when only `HttpProtocolOptions Unsafe` let the request in, by its target or its headers: the host that another
 * server reads hand-offs with need not have that. True as well when the host of an absolute URL is none that httpd
 * takes in a Host header.
 */
int backhand_wide_is_unsafe(const request_rec *r);

/** Registers the hooks and the filter. */
void backhand_wide_register(void);

#endif
