/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "dispatch/restore.h"
#include "dispatch/hop.h"

#include <apr_strings.h>
#include <http_connection.h>
#include <http_core.h>
#include <http_protocol.h>
#include <http_ssl.h>
#include <http_vhost.h>

/* What we know of a connection from another server; in its conn_config. */
typedef struct connection_record {
    const backhand_origin *origin; /* of its current request; NULL: that one is as it came */
    apr_sockaddr_t *peer;          /* c->client_addr: ours, so that its port can be changed */
    apr_port_t port;               /* the real one */
} connection_record;

static connection_record *record_of(const conn_rec *c)
{
    return ap_get_module_config(c->conn_config, &backhand_module);
}

static connection_record *record_make(conn_rec *c)
{
    connection_record *record = apr_pcalloc(c->pool, sizeof(*record));

    if (apr_sockaddr_info_copy(&record->peer, c->client_addr, c->pool) == APR_SUCCESS) {
        c->client_addr = record->peer;
        record->port = record->peer->port;
    }
    ap_set_module_config(c->conn_config, &backhand_module, record);
    return record;
}

static void set_origin(connection_record *record, const backhand_origin *origin)
{
    record->origin = origin;
    if (record->peer) {
        record->peer->port = origin ? origin->client->port : record->port;
    }
}

void backhand_restore_connection(request_rec *r)
{
    connection_record *record = record_of(r->connection);
    if (record) {
        set_origin(record, NULL);
    }
    backhand_hop_show(r->connection);
}

/* Hooks that are asked about a connection mean its current request. */
static const backhand_origin *origin_of(const conn_rec *c)
{
    const connection_record *record = record_of(c);
    return record ? record->origin : NULL;
}

/* The next request of the connection may have begun before this one's pool goes. */
static apr_status_t forget_origin(void *data)
{
    const backhand_origin *origin = data;
    connection_record *record = record_of(origin->connection);
    if (record->origin == origin) {
        set_origin(record, NULL);
        backhand_hop_show(origin->connection);
    }
    return APR_SUCCESS;
}

/* httpd picks the host by the connection's local port and the Host header. The client asked another server, on a port
 * that need not be the one that hand-offs come in by. */
static void pick_host(request_rec *r, const backhand_origin *origin)
{
    conn_rec *c = r->connection;
    conn_rec as_asked = *c;
    apr_sockaddr_t local = *c->local_addr;

    local.port = (apr_port_t)origin->port;
    as_asked.local_addr = &local;
    ap_update_vhost_given_ip(&as_asked);
    r->connection = &as_asked;
    r->server = as_asked.base_server;
    ap_update_vhost_from_headers(r);
    r->connection = c;
    r->per_dir_config = r->server->lookup_defaults;
}

/* Between the servers a request has the protocol of their connection, the path alone, and a Host header in any case. */
static void restore_line(request_rec *r, const backhand_origin *origin)
{
    char *target = r->unparsed_uri;

    r->hostname = NULL;
    if (origin->no_host) {
        apr_table_unset(r->headers_in, "Host");
        r->parsed_uri.port_str = NULL;
        r->parsed_uri.port = 0;
    }
    if (origin->authority) {
        target = apr_pstrcat(r->pool, origin->authority, target, NULL);
        ap_parse_uri(r, target);
    }
    if (origin->protocol) {
        r->protocol = apr_pstrdup(r->pool, origin->protocol);
    }
    if (origin->authority || origin->protocol) {
        r->the_request = apr_pstrcat(r->pool, r->method, " ", target, " ", r->protocol, NULL);
    }
}

void backhand_restore(request_rec *r, backhand_origin *origin)
{
    connection_record *record = record_of(r->connection);

    origin->connection = r->connection;
    r->useragent_addr = origin->client;
    r->useragent_ip = origin->client_ip;
    set_origin(record ? record : record_make(r->connection), origin);
    backhand_hop_hide(r->connection);
    apr_pool_cleanup_register(r->pool, origin, forget_origin, apr_pool_cleanup_null);
    if (origin->https) {
        apr_table_setn(r->subprocess_env, "HTTPS", "on");
    }
    if (!r->prev) {
        restore_line(r, origin);
        pick_host(r, origin);
    }
}

int backhand_restored_https(const request_rec *r)
{
    const backhand_origin *origin = origin_of(r->connection);
    return origin ? origin->https : -1;
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
