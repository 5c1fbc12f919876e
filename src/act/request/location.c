/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "act/request/location.h"

#include <apr_strings.h>
#include <apr_uri.h>

#include <stdio.h>
#include <string.h>

/* Uses apr_uri_parse() because httpd does: both must agree where the path begins. */
apr_size_t backhand_location_prefix(const char *target, apr_pool_t *p)
{
    apr_uri_t uri;

    if (*target == '/' || *target == '*' || apr_uri_parse(p, target, &uri) != APR_SUCCESS || !uri.scheme) {
        return 0;
    }
    return strlen(uri.scheme) + 1 + (uri.hostinfo ? 2 + strlen(uri.hostinfo) : 0);
}

const char *backhand_location_target(const char *line, apr_pool_t *p)
{
    const char *target = line ? strchr(line, ' ') : NULL;
    const char *end, *path;
    apr_size_t prefix;

    if (!target) {
        return NULL;
    }
    target += strspn(target, " ");
    if (!*target) {
        return NULL;
    }
    end = strrchr(target, ' ');
    target = end ? apr_pstrmemdup(p, target, (apr_size_t)(end - target)) : target;
    if (*target == '/' || *target == '*') {
        return target;
    }
    prefix = backhand_location_prefix(target, p);
    path = prefix ? target + prefix : "";
    return *path == '/' ? path : apr_pstrcat(p, "/", path, NULL);
}

/* Percent-encodes the characters that a header must not contain. */
static const char *encode(const char *text, apr_pool_t *p)
{
    char *out = apr_palloc(p, 3 * strlen(text) + 1), *at = out;
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c > ' ' && c < 0x7f) {
            *at++ = *text;
        }
        else {
            at += snprintf(at, 4, "%%%02X", c);
        }
    }
    *at = '\0';
    return out;
}

const char *backhand_location_write(int https, const char *host, int port, const char *target, apr_pool_t *p)
{
    const char *colon_port = port == (https ? 443 : 80) ? "" : apr_psprintf(p, ":%d", port);
    return apr_pstrcat(p, https ? "https://" : "http://", host, colon_port, *target == '/' ? encode(target, p) : "/",
                       NULL);
}
