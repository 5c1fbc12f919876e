/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "act/request/tunnel.h"

#include <http_protocol.h>
#include <util_filter.h>

static ap_filter_rec_t *tunnel_filter;

/* A request that may become a tunnel: the filter's context, in the request's pool. */
typedef struct watch {
    const request_rec *r;
    void (*opened)(void *ctx); /* NULL: it has been called */
    void *ctx;
} watch;

int backhand_tunnel_is_asked(request_rec *r)
{
    const char *connection = apr_table_get(r->headers_in, "Connection");
    const char *upgrade = apr_table_get(r->headers_in, "Upgrade");

    return connection && upgrade && ap_find_token(r->pool, connection, "Upgrade") &&
           ap_find_token(r->pool, upgrade, BACKHAND_TUNNEL_PROTOCOL);
}

/* httpd writes response 101 directly to the connection's filters, past those of the request. */
static apr_status_t tunnel_output(ap_filter_t *f, apr_bucket_brigade *bb)
{
    watch *w = f->ctx;
    const request_rec *r = w->r;

    while (r->next) {
        r = r->next;
    }
    if (w->opened && r->status == HTTP_SWITCHING_PROTOCOLS) {
        void (*opened)(void *ctx) = w->opened;
        w->opened = NULL;
        opened(w->ctx);
    }
    /* The request may be freed after this call. */
    return ap_pass_brigade(f->next, bb);
}

static apr_status_t remove_filter(void *f)
{
    ap_remove_output_filter(f);
    return APR_SUCCESS;
}

void backhand_tunnel_watch(request_rec *r, void (*opened)(void *ctx), void *ctx)
{
    watch *w = apr_pcalloc(r->pool, sizeof(*w));
    ap_filter_t *f;

    w->r = r;
    w->opened = opened;
    w->ctx = ctx;
    f = ap_add_output_filter_handle(tunnel_filter, w, NULL, r->connection);
    apr_pool_cleanup_register(r->pool, f, remove_filter, apr_pool_cleanup_null);
}

void backhand_tunnel_register(void)
{
    tunnel_filter = ap_register_output_filter("BACKHAND_TUNNEL", tunnel_output, NULL, AP_FTYPE_CONNECTION);
}
