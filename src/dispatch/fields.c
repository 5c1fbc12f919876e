/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "dispatch/fields.h"
#include "dispatch/marked.h"

#include <apr_cstr.h>
#include <apr_optional_hooks.h>
#include <mod_proxy.h>

void backhand_fields_begin(request_rec *r, const apr_table_t *fields)
{
    backhand_marked_set_outgoing(r, fields);
}

void backhand_fields_end(request_rec *r)
{
    backhand_marked_set_outgoing(r, NULL);
}

/* mod_proxy has cleared a copy of the request's headers, and sends what it finds there afterwards. */
static int put_back(request_rec *r)
{
    const apr_table_t *fields = backhand_marked_outgoing(r);
    const char *upgrade;
    apr_table_t *sent;

    if (!fields) {
        return DECLINED;
    }
    sent = apr_table_copy(r->pool, fields);
    apr_table_unset(sent, "Connection");
    apr_table_unset(sent, "Content-Length");
    apr_table_unset(sent, "Transfer-Encoding");
    if (!apr_table_get(r->headers_in, "Expect")) {
        apr_table_unset(sent, "Expect");
    }
    upgrade = apr_table_get(sent, "Upgrade");
    if (upgrade && apr_cstr_casecmp(upgrade, "websocket") == 0) {
        /* mod_proxy_http adds it. */
        apr_table_unset(sent, "Upgrade");
    }
    r->headers_in = sent;
    return OK;
}

void backhand_fields_register(void)
{
    APR_OPTIONAL_HOOK(proxy, fixups, put_back, NULL, NULL, APR_HOOK_LAST);
}
