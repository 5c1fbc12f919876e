/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file location.h
 * @brief The text of what a client asks for, and of where it is sent. Core: no httpd.
 */
#ifndef BACKHAND_LOCATION_H
#define BACKHAND_LOCATION_H

#include <apr_pools.h>

/**
 * The length of what stands before the path in a request's target: `http://example.com` of the absolute form, or the
 * bare scheme that httpd takes off `http:/path`. 0 when the target begins with its path, and for a target that is no
 * URL.
 */
apr_size_t backhand_location_prefix(const char *target, apr_pool_t *p);

/**
 * The target of a request line, byte for byte. The absolute form is cut to its path.
 * @param line  as `GET /path HTTP/1.1`; may be NULL
 * @return a path that begins with `/`, or something that begins with `*`; from the pool; NULL: the line has no target
 */
const char *backhand_location_target(const char *line, apr_pool_t *p);

/**
 * A URL for a Location header; the port is left out when it is the scheme's own. What must not stand in a header is
 * percent-encoded in the target.
 * @param host    as it stands in a URL
 * @param target  a path that begins with `/`; `/` in the place of anything else
 */
const char *backhand_location_write(int https, const char *host, int port, const char *target, apr_pool_t *p);

#endif
