/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "status/page.h"

#include "status/formats.h"

#include <http_protocol.h>
#include <http_request.h>
#include <apr_network_io.h>
#include <apr_strings.h>

void backhand_status_box_fill(backhand_status_box *box, request_rec *r, const backhand_config *conf)
{
    char name[APRMAXHOSTLEN + 1];

    if (apr_gethostname(name, sizeof(name), r->pool) != APR_SUCCESS) {
        apr_cpystrn(name, "unknown", sizeof(name));
    }
    box->machine = apr_pstrdup(r->pool, name);
    box->viewer = r->useragent_ip ? r->useragent_ip : "unknown";
    backhand_config_contact(conf, box->contact);
}

const char *backhand_status_plain(request_rec *r, const char *text)
{
    return text ? ap_escape_logitem(r->pool, text) : "";
}

static int asks_for(request_rec *r, const char *word)
{
    const char *rest = r->args;
    while (rest && *rest) {
        const char *argument = ap_getword(r->pool, &rest, '&');
        if (strcmp(argument, word) == 0) {
            return 1;
        }
    }
    return 0;
}

int backhand_status_handler(request_rec *r)
{
    const backhand_config *conf;
    int rc;

    if (!r->handler || strcmp(r->handler, BACKHAND_HANDLER) != 0) {
        return DECLINED;
    }
    ap_allow_standard_methods(r, REPLACE_ALLOW, M_GET, M_OPTIONS, -1);
    if (r->method_number != M_GET) {
        return r->method_number == M_OPTIONS ? DECLINED : HTTP_METHOD_NOT_ALLOWED;
    }
    rc = ap_discard_request_body(r);
    if (rc != OK) {
        return rc;
    }
    conf = backhand_config_get(r->server);
    apr_table_setn(r->headers_out, "Cache-Control", "no-store");
    if (asks_for(r, "auto")) {
        ap_set_content_type(r, "text/plain; charset=utf-8");
        backhand_status_auto(r, conf);
    }
    else {
        ap_set_content_type(r, "text/html; charset=utf-8");
        backhand_status_html(r, conf);
    }
    return OK;
}
