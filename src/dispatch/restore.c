/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "dispatch/restore.h"

#include <http_connection.h>
#include <http_core.h>
#include <http_protocol.h>
#include <http_ssl.h>
#include <http_vhost.h>

/* The connection's current request's origin: hooks that are asked about a connection mean its current request. */
static const backhand_origin *origin_of(const conn_rec *c)
{
    return ap_get_module_config(c->conn_config, &backhand_module);
}

/* The next request of the connection may have begun before this one's pool goes. */
static apr_status_t forget_origin(void *data)
{
    const backhand_origin *origin = data;
    if (origin_of(origin->connection) == origin) {
        ap_set_module_config(origin->connection->conn_config, &backhand_module, NULL);
    }
    return APR_SUCCESS;
}

/* httpd picks the host by the connection's local port and the Host header. The client asked another server, on a port
 * that need not be the one that hand-offs come in by. */
static void pick_host(request_rec *r, int port)
{
    conn_rec *c = r->connection;
    conn_rec as_asked = *c;
    apr_sockaddr_t local = *c->local_addr;

    local.port = (apr_port_t)port;
    as_asked.local_addr = &local;
    ap_update_vhost_given_ip(&as_asked);
    r->connection = &as_asked;
    r->server = as_asked.base_server;
    ap_update_vhost_from_headers(r);
    r->connection = c;
    r->per_dir_config = r->server->lookup_defaults;
}

void backhand_restore(request_rec *r, backhand_origin *origin)
{
    origin->connection = r->connection;
    r->useragent_addr = origin->client;
    r->useragent_ip = origin->client_ip;
    ap_set_module_config(r->connection->conn_config, &backhand_module, origin);
    apr_pool_cleanup_register(r->pool, origin, forget_origin, apr_pool_cleanup_null);
    if (origin->https) {
        apr_table_setn(r->subprocess_env, "HTTPS", "on");
    }
    if (!r->prev && origin->port != r->connection->local_addr->port) {
        pick_host(r, origin->port);
    }
}

static const char *restored_scheme(const request_rec *r)
{
    const backhand_origin *origin = origin_of(r->connection);
    if (!origin) {
        return NULL;
    }
    return origin->https ? "https" : "http";
}

static apr_port_t restored_default_port(const request_rec *r)
{
    const backhand_origin *origin = origin_of(r->connection);
    if (!origin) {
        return 0;
    }
    return origin->https ? 443 : 80;
}

static int restored_is_ssl(conn_rec *c)
{
    const backhand_origin *origin = origin_of(c);
    return origin && origin->https ? OK : DECLINED;
}

void backhand_restore_register(void)
{
    ap_hook_http_scheme(restored_scheme, NULL, NULL, APR_HOOK_REALLY_FIRST);
    ap_hook_default_port(restored_default_port, NULL, NULL, APR_HOOK_REALLY_FIRST);
    ap_hook_ssl_conn_is_ssl(restored_is_ssl, NULL, NULL, APR_HOOK_REALLY_FIRST);
}
