/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "act/received/restore.h"
#include "act/proxy/ssl/hide_tls.h"
#include "act/received/record.h"

#include <apr_strings.h>
#include <http_connection.h>
#include <http_core.h>
#include <http_protocol.h>
#include <http_request.h>
#include <http_ssl.h>
#include <http_vhost.h>
#include <util_filter.h>

static ap_filter_rec_t *connection_filter;

/* The module's record of a connection from another server; in its conn_config. */
typedef struct connection_record {
    conn_rec *c;
    backhand_origin *origin; /* request whose client the connection shows; NULL: it shows the other server */
    apr_sockaddr_t *local;   /* c->local_addr: a copy, so that its port can be changed */
    apr_port_t local_port;   /* the real port */
    /* The connection's real values: */
    apr_sockaddr_t *client_addr;
    char *client_ip;
    char *remote_host;
    int double_reverse;
    /* While a request's log line is written: */
    int logging;
    backhand_origin *before_log; /* `origin` before that time */
} connection_record;

static connection_record *record_of(const conn_rec *c)
{
    return ap_get_module_config(c->conn_config, &backhand_module);
}

static connection_record *record_make(conn_rec *c)
{
    connection_record *record = apr_pcalloc(c->pool, sizeof(*record));

    record->c = c;
    record->client_addr = c->client_addr;
    record->client_ip = c->client_ip;
    if (apr_sockaddr_info_copy(&record->local, c->local_addr, c->pool) == APR_SUCCESS) {
        c->local_addr = record->local;
        record->local_port = record->local->port;
    }
    ap_set_module_config(c->conn_config, &backhand_module, record);
    return record;
}

/* Shows the client of `origin`. Host names that were looked up belong to one address, so they change with it. */
static void show_client(connection_record *record, const backhand_origin *origin)
{
    conn_rec *c = record->c;

    if (c->client_addr == record->client_addr) {
        record->remote_host = c->remote_host;
        record->double_reverse = c->double_reverse;
    }
    if (origin && origin->shown) {
        c->client_addr = origin->shown;
        c->client_ip = origin->client_ip;
        c->remote_host = NULL;
        c->double_reverse = 0;
    }
    else {
        c->client_addr = record->client_addr;
        c->client_ip = record->client_ip;
        c->remote_host = record->remote_host;
        c->double_reverse = record->double_reverse;
    }
}

/* Makes the connection show the client of that request; NULL: the other server. */
static void set_origin(connection_record *record, backhand_origin *origin)
{
    record->origin = origin;
    show_client(record, origin);
    if (record->local) {
        record->local->port = origin ? (apr_port_t)origin->port : record->local_port;
    }
    if (origin) {
        backhand_hide_tls_hide(record->c);
    }
    else {
        backhand_hide_tls_show(record->c);
    }
}

/* Hook pre_read_request: shows the other server again. The previous request may not be in the log yet, because prefork
 * and worker read a waiting request before they end the one before it. */
static void show_server(request_rec *r, conn_rec *c)
{
    connection_record *record = record_of(c);
    if (record) {
        set_origin(record, NULL);
        r->useragent_addr = c->client_addr;
        r->useragent_ip = c->client_ip;
    }
}

/* Hook log_transaction, first; log_ends() is the last. They show the client of the logged request, because the next
 * request of the connection may have begun. */
static int log_begins(request_rec *r)
{
    connection_record *record = record_of(r->connection);
    if (record) {
        record->logging = 1;
        record->before_log = record->origin;
        set_origin(record, backhand_received_origin(r));
    }
    return DECLINED;
}

static int log_ends(request_rec *r)
{
    connection_record *record = record_of(r->connection);
    if (record && record->logging) {
        record->logging = 0;
        set_origin(record, record->before_log);
    }
    return DECLINED;
}

/* The current request of the connection: hooks get only the connection. */
static backhand_origin *origin_of(const conn_rec *c)
{
    const connection_record *record = record_of(c);
    return record ? record->origin : NULL;
}

/* Pool cleanup. The next request of the connection may already have begun, and must keep its own origin. */
static apr_status_t forget_origin(void *data)
{
    const backhand_origin *origin = data;
    connection_record *record = record_of(origin->c);
    if (record->before_log == origin) {
        record->before_log = NULL;
    }
    if (record->origin == origin) {
        /* A module may have kept log_ends() from running. */
        set_origin(record, record->logging ? record->before_log : NULL);
        record->logging = 0;
    }
    return APR_SUCCESS;
}

/* Picks the virtual host as httpd does: by the connection's local port, which is restored by now, and the Host
 * header. */
static void pick_host(request_rec *r)
{
    conn_rec *c = r->connection;
    conn_rec as_asked = *c;

    ap_update_vhost_given_ip(&as_asked);
    r->connection = &as_asked;
    r->server = as_asked.base_server;
    ap_update_vhost_from_headers(r);
    r->connection = c;
    r->per_dir_config = r->server->lookup_defaults;
}

/* --- the Connection header --------------------------------------------------------------------------------- */

/* Programs see the client's Connection header, with the changes of other modules. httpd's core must see the other
 * server's header: the two servers decide whether their connection is kept, and whether its protocol changes. */
static void show_connection(request_rec *r, const char *value)
{
    if (value) {
        apr_table_setn(r->headers_in, "Connection", value);
    }
    else {
        apr_table_unset(r->headers_in, "Connection");
    }
}

static int before_core(request_rec *r)
{
    backhand_origin *origin = origin_of(r->connection);
    if (origin && !r->main) {
        origin->connection = apr_table_get(r->headers_in, "Connection");
        show_connection(r, origin->sender_connection);
    }
    return DECLINED;
}

static int after_core(request_rec *r)
{
    const backhand_origin *origin = origin_of(r->connection);
    if (origin && !r->main) {
        show_connection(r, origin->connection);
    }
    return DECLINED;
}

/* Runs around the filter that writes the response's headers, which must see the other server's Connection header. */
static apr_status_t connection_output(ap_filter_t *f, apr_bucket_brigade *bb)
{
    backhand_origin *origin = f->ctx;
    request_rec *r = f->r;
    ap_filter_t *next = f->next;
    apr_status_t rv;

    ap_remove_output_filter(f);
    origin->connection = apr_table_get(r->headers_in, "Connection");
    show_connection(r, origin->sender_connection);
    rv = ap_pass_brigade(next, bb);
    show_connection(r, origin->connection);
    return rv;
}

static void insert(request_rec *r)
{
    backhand_origin *origin = origin_of(r->connection);
    if (origin && !r->main) {
        ap_add_output_filter_handle(connection_filter, origin, r, r->connection);
    }
}

/* --- restoring --------------------------------------------------------------------------------------------- */

/* Between servers a request has the protocol of their connection, only a path, and always a Host header. Restores the
 * client's own. */
static void restore_line(request_rec *r, const backhand_origin *origin)
{
    char *target = r->unparsed_uri;

    r->hostname = NULL;
    if (origin->no_host) {
        if (origin->empty_host) {
            apr_table_setn(r->headers_in, "Host", "");
        }
        else {
            apr_table_unset(r->headers_in, "Host");
        }
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

    origin->c = r->connection;
    r->useragent_addr = origin->client;
    r->useragent_ip = origin->client_ip;
    if (!origin->shown && apr_sockaddr_info_copy(&origin->shown, origin->client, r->pool) != APR_SUCCESS) {
        origin->shown = NULL;
    }
    set_origin(record ? record : record_make(r->connection), origin);
    apr_pool_cleanup_register(r->pool, origin, forget_origin, apr_pool_cleanup_null);
    if (origin->https) {
        apr_table_setn(r->subprocess_env, "HTTPS", "on");
    }
    if (!r->prev) {
        origin->sender_connection = apr_table_get(r->headers_in, "Connection");
        show_connection(r, origin->connection);
        restore_line(r, origin);
        pick_host(r);
    }
}

int backhand_restored_https(const request_rec *r)
{
    const backhand_origin *origin = origin_of(r->connection);
    return origin ? origin->https : -1;
}

apr_port_t backhand_restored_local_port(const conn_rec *c)
{
    const connection_record *record = record_of(c);
    return record && record->local ? record->local_port : c->local_addr->port;
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
    ap_hook_pre_read_request(show_server, NULL, NULL, APR_HOOK_REALLY_FIRST);
    ap_hook_log_transaction(log_begins, NULL, NULL, APR_HOOK_REALLY_FIRST - 1);
    ap_hook_log_transaction(log_ends, NULL, NULL, APR_HOOK_REALLY_LAST + 1);
    ap_hook_http_scheme(restored_scheme, NULL, NULL, APR_HOOK_REALLY_FIRST);
    ap_hook_default_port(restored_default_port, NULL, NULL, APR_HOOK_REALLY_FIRST);
    ap_hook_ssl_conn_is_ssl(restored_is_ssl, NULL, NULL, APR_HOOK_REALLY_FIRST);
    /* In these hooks the core, at REALLY_FIRST, checks for a request to change the connection's protocol. */
    ap_hook_map_to_storage(before_core, NULL, NULL, APR_HOOK_REALLY_FIRST - 1);
    ap_hook_map_to_storage(after_core, NULL, NULL, APR_HOOK_REALLY_FIRST + 1);
    ap_hook_handler(before_core, NULL, NULL, APR_HOOK_REALLY_FIRST - 1);
    ap_hook_handler(after_core, NULL, NULL, APR_HOOK_REALLY_FIRST + 1);
    connection_filter = ap_register_output_filter("BACKHAND_CONNECTION", connection_output, NULL,
                                                  (ap_filter_type)(AP_FTYPE_PROTOCOL - 1));
    ap_hook_insert_filter(insert, NULL, NULL, APR_HOOK_LAST);
    ap_hook_insert_error_filter(insert, NULL, NULL, APR_HOOK_LAST);
}
