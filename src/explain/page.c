/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "explain/page.h"
#include "explain/chains.h"
#include "explain/formats.h"
#include "status/frame.h"
#include "status/page.h"

#include <http_protocol.h>
#include <http_request.h>

#include <string.h>

static void set_headers(request_rec *r, int json)
{
    backhand_frame_headers(r, 1);
    ap_set_content_type(r, json ? "application/json" : "text/html; charset=utf-8");
}

static void explain(request_rec *r, backhand_explain_arguments *about)
{
    void (*print)(request_rec *, const backhand_explain_arguments *, const backhand_decision *) =
        about->json ? backhand_explain_json : backhand_explain_html;
    backhand_decision decision;

    if (!about->error && !about->uri) {
        set_headers(r, about->json);
        about->json ? backhand_chains_json(r) : backhand_chains_html(r);
        return;
    }
    if (about->error) {
        r->status = HTTP_BAD_REQUEST;
        set_headers(r, about->json);
        print(r, about, NULL);
        return;
    }
    backhand_decision_make(&decision, r, about);
    set_headers(r, about->json);
    print(r, about, &decision);
    ap_destroy_sub_req(decision.sub);
}

int backhand_explain_handler(request_rec *r)
{
    backhand_explain_arguments about;
    int rc;

    if (!r->handler || strcmp(r->handler, BACKHAND_HANDLER) != 0 || r->method_number != M_GET ||
        !backhand_explain_arguments_read(&about, r)) {
        return DECLINED;
    }
    rc = ap_discard_request_body(r);
    if (rc != OK) {
        return rc;
    }
    explain(r, &about);
    return OK;
}
