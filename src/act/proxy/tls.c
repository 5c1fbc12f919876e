/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "act/proxy/tls.h"
#include "table/clock.h"
#include "table/counters.h"

#include <http_config.h>
#include <http_core.h>
#include <http_log.h>
#include <http_ssl.h>

APLOG_USE_MODULE(backhand);

/* Least time between two log lines about servers that cannot be asked. */
#define UNABLE_PERIOD apr_time_from_sec(600)

/* Finds out whether a host has SSLProxyEngine On. mod_ssl does not publish this setting, but obeys it when it is asked
 * to secure a connection. So this connection, which leads nowhere, is made only to ask. */
static int engine_is_on(server_rec *host, apr_pool_t *ptemp)
{
    conn_rec *c = apr_pcalloc(ptemp, sizeof(*c));

    c->pool = ptemp;
    c->base_server = host;
    c->conn_config = ap_create_conn_config(ptemp);
    c->notes = apr_table_make(ptemp, 1);
    c->client_ip = "-";
    c->outgoing = 1;
    return ap_run_ssl_bind_outgoing(c, host->lookup_defaults, 1) == OK;
}

int backhand_tls_group(apr_array_header_t *groups, server_rec *host, apr_pool_t *ptemp)
{
    const module *ssl = ap_find_linked_module("mod_ssl.c");
    /* Without mod_ssl another module may provide TLS. Its settings are unknown, so each host is a group of its own. */
    const void *settings = ssl ? ap_get_module_config(host->lookup_defaults, ssl) : host;

    if (!engine_is_on(host, ptemp)) {
        return BACKHAND_TLS_NONE;
    }
    for (int i = 0; i < groups->nelts; i++) {
        if (APR_ARRAY_IDX(groups, i, const void *) == settings) {
            return i;
        }
    }
    APR_ARRAY_PUSH(groups, const void *) = settings;
    return groups->nelts - 1;
}

void backhand_tls_log_unable(backhand_table *table, const request_rec *r, const char *contact)
{
    if (!backhand_table_once(table, BACKHAND_ONCE_UNABLE, UNABLE_PERIOD)) {
        return;
    }
    if (ap_ssl_has_outgoing_handlers()) {
        ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, r,
                      "backhand: server %s is not asked: its contact is https; add \"SSLProxyEngine On\" and the "
                      "other SSLProxy directives to the configuration of virtual host %s or of the main server",
                      contact, r->server->server_hostname ? r->server->server_hostname : "-");
    }
    else {
        ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, r,
                      "backhand: server %s is not asked: its contact is https and mod_ssl is not loaded; add "
                      "\"LoadModule ssl_module modules/mod_ssl.so\" and \"SSLProxyEngine On\"",
                      contact);
    }
}
