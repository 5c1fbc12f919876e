/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "act/proxy/fields.h"
#include "act/proxy/workers.h"
#include "act/received/received.h"
#include "act/request/tunnel.h"

#include <apr_optional_hooks.h>
#include <http_config.h>
#include <mod_proxy.h>

/* True for a request to change to TLS. mod_ssl obeys Upgrade alone, without a Connection header. */
static int wishes_tls(const request_rec *r, const char *upgrade)
{
    return upgrade && ap_find_token(r->pool, upgrade, "TLS/1.0");
}

/* True for a WebSocket request, for which mod_proxy_http sends the header itself. */
static int wishes_websocket(const request_rec *r, const char *upgrade)
{
    return upgrade && ap_find_token(r->pool, BACKHAND_TUNNEL_PROTOCOL, upgrade);
}

void backhand_fields_begin(request_rec *r)
{
    const char *connection = apr_table_get(r->headers_in, "Connection");

    backhand_received_set_outgoing(r, r->headers_in);
    r->headers_in = apr_table_copy(r->pool, r->headers_in);
    if (wishes_tls(r, apr_table_get(r->headers_in, "Upgrade"))) {
        apr_table_unset(r->headers_in, "Upgrade");
    }
    if (ap_find_token(r->pool, connection, "close")) {
        apr_table_setn(r->headers_in, "Connection", "close");
    }
    else if (ap_find_token(r->pool, connection, "keep-alive")) {
        apr_table_setn(r->headers_in, "Connection", "keep-alive");
    }
    else {
        apr_table_unset(r->headers_in, "Connection");
    }
}

void backhand_fields_end(request_rec *r)
{
    backhand_received_set_outgoing(r, NULL);
}

/* Hook of mod_proxy, which has removed fields from a copy of the headers and will send that copy. Puts the fields
 * back. */
static int put_back(request_rec *r)
{
    const apr_table_t *fields = backhand_received_outgoing(r);
    const char *upgrade, *expect = apr_table_get(r->headers_in, "Expect");
    apr_table_t *sent;

    if (!fields) {
        return DECLINED;
    }
    sent = apr_table_copy(r->pool, fields);
    apr_table_unset(sent, "Connection");
    apr_table_unset(sent, "Content-Length");
    apr_table_unset(sent, "Transfer-Encoding");
    if (expect) {
        apr_table_setn(sent, "Expect", expect);
    }
    else {
        apr_table_unset(sent, "Expect");
    }
    upgrade = apr_table_get(sent, "Upgrade");
    if (wishes_tls(r, upgrade) || wishes_websocket(r, upgrade)) {
        apr_table_unset(sent, "Upgrade");
    }
    r->headers_in = sent;
    return OK;
}

void backhand_fields_register(void)
{
    APR_OPTIONAL_HOOK(proxy, fixups, put_back, NULL, NULL, APR_HOOK_LAST);
}
