/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file request.h
 * @brief Makes a check by an HTTP request to this server. Core: no httpd.
 */
#ifndef BACKHAND_CHECK_REQUEST_H
#define BACKHAND_CHECK_REQUEST_H

#include <apr_time.h>
#include <stdint.h>

/** The header by which this server recognizes a check; it serves the check itself. The value has 16 hex digits. */
#define BACKHAND_CHECK_HEADER "Backhand-Check"

typedef struct backhand_check_url {
    int https;           /**< 1: over TLS. The certificate is not verified: the connection stays on this machine */
    int port;            /**< 1 to 65535 */
    const char *address; /**< numeric address to connect to */
    const char *host;    /**< the Host header, and the name for TLS */
    const char *path;    /**< path and query as sent, from `/` on; printable ASCII without blanks */
} backhand_check_url;

/**
 * Sends GET and reads the response, up to 64 KiB of it, and closes the connection.
 * @param token  the value of BACKHAND_CHECK_HEADER
 * @param link   see backhand_check_wait()
 * @param limit  how long it may take, us
 * @return BACKHAND_WHY_NONE for a status of 200 to 399, another reason of health.h, or -1: the result is no longer
 *         wanted
 */
int backhand_check_request(const backhand_check_url *url, uint64_t token, int link, apr_interval_time_t limit);

#endif
