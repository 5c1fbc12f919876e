/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file location.h
 * @brief Reads a request's target and writes the URL of a redirect. Core: no httpd.
 */
#ifndef BACKHAND_LOCATION_H
#define BACKHAND_LOCATION_H

#include <apr_pools.h>

/**
 * Length of the part of a request's target that precedes the path: `http://example.com` of the absolute form, or the
 * bare scheme that httpd removes from `http:/path`. 0 when the target begins with its path or is no URL.
 */
apr_size_t backhand_location_prefix(const char *target, apr_pool_t *p);

/**
 * The target of a request line, byte for byte. The absolute form is cut to its path.
 * @param line  as `GET /path HTTP/1.1`; may be NULL
 * @return a path that begins with `/`, or something that begins with `*`; from the pool; NULL: the line has no target
 */
const char *backhand_location_target(const char *line, apr_pool_t *p);

/**
 * Writes a URL for a Location header. The scheme's default port is left out. Characters that a header must not contain
 * are percent-encoded in the target.
 * @param host    as it stands in a URL
 * @param target  a path that begins with `/`; any other text counts as `/`
 */
const char *backhand_location_write(int https, const char *host, int port, const char *target, apr_pool_t *p);

#endif
