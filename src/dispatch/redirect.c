/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "dispatch/redirect.h"

#include <apr_strings.h>

static const char *origin_by_name(request_rec *r, const backhand_announcement *said)
{
    int https = said->contact.https;
    if (said->contact.port == (https ? 443 : 80)) {
        return apr_pstrcat(r->pool, https ? "https://" : "http://", said->stat.hostname, NULL);
    }
    return apr_psprintf(r->pool, "%s://%s:%d", https ? "https" : "http", said->stat.hostname, said->contact.port);
}

int backhand_redirect(request_rec *r, int redirect, const backhand_announcement *said)
{
    const char *origin = redirect == BACKHAND_REDIRECT_NAME ? origin_by_name(r, said) : said->stat.contact;
    const char *target = *r->unparsed_uri == '/' ? r->unparsed_uri : ap_escape_uri(r->pool, r->uri);

    apr_table_setn(r->headers_out, "Location", apr_pstrcat(r->pool, origin, target, NULL));
    return r->method_number == M_GET ? HTTP_MOVED_TEMPORARILY : HTTP_TEMPORARY_REDIRECT;
}
