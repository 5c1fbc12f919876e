/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "act/proxy/ssl/hide_tls.h"

#include <http_config.h>
#include <http_protocol.h>
#include <util_filter.h>

static ap_filter_rec_t *output_filter, *input_filter;

/* NULL: it is not loaded. Set in post_config. */
static const module *mod_ssl;

/* The context of both filters of a connection. */
typedef struct hidden_tls {
    const module *ssl;
    int hide;     /* its request must not see TLS */
    int inside;   /* calls under way in which mod_ssl may be at work */
    void *hidden; /* mod_ssl's record of the connection, while it is taken away; else NULL */
} hidden_tls;

static hidden_tls *hidden_of(const conn_rec *c)
{
    for (const ap_filter_t *f = c->output_filters; f; f = f->next) {
        if (f->frec == output_filter) {
            return f->ctx;
        }
    }
    return NULL;
}

static void take_away(conn_rec *c, hidden_tls *h)
{
    if (h->hide && !h->hidden && !h->inside) {
        h->hidden = ap_get_module_config(c->conn_config, h->ssl);
        ap_set_module_config(c->conn_config, h->ssl, NULL);
    }
}

static void give_back(conn_rec *c, hidden_tls *h)
{
    if (h->hidden) {
        ap_set_module_config(c->conn_config, h->ssl, h->hidden);
        h->hidden = NULL;
    }
}

/* During these calls the request may end, and the next one begin. */

static apr_status_t hide_tls_output(ap_filter_t *f, apr_bucket_brigade *bb)
{
    hidden_tls *h = f->ctx;
    apr_status_t rv;

    h->inside++;
    give_back(f->c, h);
    rv = ap_pass_brigade(f->next, bb);
    h->inside--;
    take_away(f->c, h);
    return rv;
}

static apr_status_t hide_tls_input(ap_filter_t *f, apr_bucket_brigade *bb, ap_input_mode_t mode, apr_read_type_e block,
                                   apr_off_t readbytes)
{
    hidden_tls *h = f->ctx;
    apr_status_t rv;

    h->inside++;
    give_back(f->c, h);
    rv = ap_get_brigade(f->next, bb, mode, block, readbytes);
    h->inside--;
    take_away(f->c, h);
    return rv;
}

static int hide_tls_connection(conn_rec *c, void *csd)
{
    const backhand_config *conf = backhand_config_get(c->base_server);

    (void)csd;
    if (!c->outgoing && !c->master && conf->proxy && mod_ssl && backhand_accept_covers(conf->accept, c->client_addr)) {
        hidden_tls *h = apr_pcalloc(c->pool, sizeof(*h));
        h->ssl = mod_ssl;
        ap_add_output_filter_handle(output_filter, h, NULL, c);
        ap_add_input_filter_handle(input_filter, h, NULL, c);
    }
    return OK;
}

/* httpd writes the access log when the end of the response has been sent. That may be during a call of mod_ssl's
 * filter. */
static int log_begins(request_rec *r)
{
    hidden_tls *h = hidden_of(r->connection);
    if (h && h->inside) {
        int inside = h->inside;
        h->inside = 0;
        take_away(r->connection, h);
        h->inside = inside;
    }
    return DECLINED;
}

static int log_ends(request_rec *r)
{
    hidden_tls *h = hidden_of(r->connection);
    if (h && h->inside) {
        give_back(r->connection, h);
    }
    return DECLINED;
}

static int find_mod_ssl(apr_pool_t *p, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *s)
{
    (void)p;
    (void)plog;
    (void)ptemp;
    (void)s;
    mod_ssl = ap_find_linked_module("mod_ssl.c");
    return OK;
}

void backhand_hide_tls_register(void)
{
    ap_hook_post_config(find_mod_ssl, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_log_transaction(log_begins, NULL, NULL, APR_HOOK_REALLY_FIRST);
    ap_hook_log_transaction(log_ends, NULL, NULL, APR_HOOK_REALLY_LAST);
    output_filter = ap_register_output_filter("BACKHAND_HIDE_TLS", hide_tls_output, NULL, AP_FTYPE_CONNECTION);
    input_filter = ap_register_input_filter("BACKHAND_HIDE_TLS", hide_tls_input, NULL, AP_FTYPE_CONNECTION);
    ap_hook_pre_connection(hide_tls_connection, NULL, NULL, APR_HOOK_MIDDLE);
}

void backhand_hide_tls_hide(conn_rec *c)
{
    hidden_tls *h = hidden_of(c);
    if (h) {
        h->hide = 1;
        take_away(c, h);
    }
}

void backhand_hide_tls_show(conn_rec *c)
{
    hidden_tls *h = hidden_of(c);
    if (h) {
        h->hide = 0;
        give_back(c, h);
    }
}
