/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "dispatch/target.h"

#include <apr_strings.h>

#include <string.h>

const char *backhand_target(const request_rec *r)
{
    const char *line = r->the_request;
    const char *target = line ? ap_strchr_c(line, ' ') : NULL;
    const char *end = NULL;

    if (target) {
        while (*target == ' ') {
            target++;
        }
        end = ap_strrchr_c(target, ' ');
    }
    if (!target || !*target) {
        return r->unparsed_uri;
    }
    target = end ? apr_pstrmemdup(r->pool, target, (apr_size_t)(end - target)) : target;
    if (*target != '/' && *target != '*') {
        const char *host = ap_strstr_c(target, "://");
        const char *path = host ? host + 3 + strcspn(host + 3, "/?#") : "";
        target = *path == '/' ? path : apr_pstrcat(r->pool, "/", path, NULL);
    }
    return target;
}
