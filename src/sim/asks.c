/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "sim/asks.h"

#include <apr_strings.h>
#include <httpd.h>

#include <string.h>

static const struct {
    const char *name;
    int number;
} methods[] = {
    {"GET", M_GET},     {"HEAD", M_GET},    {"POST", M_POST},       {"PUT", M_PUT},         {"DELETE", M_DELETE},
    {"PATCH", M_PATCH}, {"TRACE", M_TRACE}, {"CONNECT", M_CONNECT}, {"OPTIONS", M_OPTIONS}, {NULL, M_INVALID},
};

static int method_number(const char *method)
{
    int i = 0;
    while (methods[i].name && strcmp(methods[i].name, method) != 0) {
        i++;
    }
    return methods[i].number;
}

void sim_ask_target(sim_ask *ask, const char *target, apr_pool_t *p)
{
    const char *mark = strchr(target, '?');
    ask->uri = mark ? apr_pstrmemdup(p, target, (apr_size_t)(mark - target)) : apr_pstrdup(p, target);
    ask->args = mark ? apr_pstrdup(p, mark + 1) : NULL;
}

struct request_rec *sim_request_rec_make(apr_pool_t *p)
{
    request_rec *r = apr_pcalloc(p, sizeof(*r));

    apr_pool_create(&r->pool, p);
    r->server = apr_pcalloc(p, sizeof(*r->server));
    r->server->server_hostname = apr_pstrdup(p, "www.example.net");
    r->server->port = 80;
    r->connection = apr_pcalloc(p, sizeof(*r->connection));
    r->connection->pool = p;
    r->connection->base_server = r->server;
    r->connection->client_ip = apr_pstrdup(p, "192.0.2.1");
    r->useragent_ip = r->connection->client_ip;
    r->hostname = r->server->server_hostname;
    r->protocol = apr_pstrdup(p, "HTTP/1.1");
    r->proto_num = HTTP_VERSION(1, 1);
    return r;
}

void sim_request_rec_fill(struct request_rec *r, const sim_ask *ask)
{
    apr_pool_clear(r->pool);
    r->method = ask->method;
    r->method_number = method_number(ask->method);
    r->header_only = !strcmp(ask->method, "HEAD");
    r->uri = apr_pstrdup(r->pool, ask->uri);
    r->args = ask->args ? apr_pstrdup(r->pool, ask->args) : NULL;
    r->unparsed_uri = ask->args ? apr_pstrcat(r->pool, ask->uri, "?", ask->args, NULL) : r->uri;
    r->the_request = apr_pstrcat(r->pool, ask->method, " ", r->unparsed_uri, " HTTP/1.1", NULL);
    r->headers_in = apr_table_copy(r->pool, ask->headers);
    r->headers_out = apr_table_make(r->pool, 2);
    r->err_headers_out = apr_table_make(r->pool, 2);
    r->notes = apr_table_make(r->pool, 2);
    r->subprocess_env = apr_table_make(r->pool, 2);
    r->parsed_uri.path = r->uri;
    r->parsed_uri.query = r->args;
}
