/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "act/received/wide.h"
#include "announce/net/accept.h"
#include "base/number.h"
#include "config/config.h"
#include "act/received/received.h"
#include "act/request/target.h"

#include <apr_hash.h>
#include <apr_strings.h>
#include <http_connection.h>
#include <http_core.h>
#include <http_log.h>
#include <http_protocol.h>
#include <http_request.h>
#include <util_filter.h>

APLOG_USE_MODULE(backhand);

/* Header fields that a hand-off adds: the mark, Connection, a Host header that an HTTP/2 client has no field for, and a
 * few spare ones. */
#define FIELDS_ADDED 8
/* Longest mark, in bytes: two encoded texts, and the rest. */
#define FIELD_ADDED 8190
/* Bytes that a hand-off adds to the request line: for HTTP/2, LimitRequestLine bounds the path alone. */
#define LINE_ADDED 100

/* Sizes of the request that a connection is reading. */
typedef struct head_counts {
    server_rec *server; /* server whose limits apply to ordinary requests; NULL: nothing is counted */
    int lines;          /* lines that have begun, with the request line, without continuation lines of a header */
    int fields;         /* number of these lines that are headers */
    int continued;      /* the end of the newest line has not been read */
    int further;        /* the newest line continues a header */
    apr_size_t line;    /* bytes of the newest line, line end not counted */
    apr_size_t request; /* bytes of the request line */
    apr_size_t longest; /* bytes of the longest other line */
    apr_size_t header;  /* bytes of the newest header with all its lines, a single blank between two */
    apr_size_t folded;  /* bytes of the longest header of several lines */
} head_counts;

static ap_filter_rec_t *count_filter;
/* server_rec * -> a copy with the wider limits. Made by the parent. */
static apr_hash_t *wide_servers;

/* --- counting ---------------------------------------------------------------------------------------------- */

static int is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static void begin_line(head_counts *counts, const char *data, apr_size_t length)
{
    counts->line = 0;
    counts->further = length > 0 && is_blank(*data) && counts->fields > 0;
    /* Empty lines may precede the request line, and end the headers. */
    if (length > 0 && !counts->further) {
        counts->lines++;
        counts->fields += counts->lines > 1;
        counts->header = 0;
    }
}

/* httpd keeps one of the blanks at the beginning of a continuation line. */
static apr_size_t without_blanks(const char *data, apr_size_t length)
{
    while (length > 1 && is_blank(data[0]) && is_blank(data[1])) {
        data++;
        length--;
    }
    return length;
}

/* Counts a line, or the next part of one. */
static void count_part(head_counts *counts, const char *data, apr_size_t length)
{
    int begins = !counts->continued;

    counts->continued = length == 0 || data[length - 1] != '\n';
    while (length > 0 && (data[length - 1] == '\n' || data[length - 1] == '\r')) {
        length--;
    }
    if (begins) {
        begin_line(counts, data, length);
    }
    counts->line += length;
    counts->header += begins && counts->further ? without_blanks(data, length) : length;
    if (counts->lines <= 1) {
        counts->request = counts->line;
        return;
    }
    if (counts->line > counts->longest) {
        counts->longest = counts->line;
    }
    if (counts->further && counts->header > counts->folded) {
        counts->folded = counts->header;
    }
}

static apr_status_t count_input(ap_filter_t *f, apr_bucket_brigade *bb, ap_input_mode_t mode, apr_read_type_e block,
                                apr_off_t readbytes)
{
    head_counts *counts = f->ctx;
    apr_status_t rv = ap_get_brigade(f->next, bb, mode, block, readbytes);

    if (rv != APR_SUCCESS || mode != AP_MODE_GETLINE || !counts->server) {
        return rv;
    }
    for (apr_bucket *b = APR_BRIGADE_FIRST(bb); b != APR_BRIGADE_SENTINEL(bb); b = APR_BUCKET_NEXT(b)) {
        const char *data;
        apr_size_t length;
        if (!APR_BUCKET_IS_METADATA(b) && apr_bucket_read(b, &data, &length, APR_BLOCK_READ) == APR_SUCCESS) {
            count_part(counts, data, length);
        }
    }
    return rv;
}

static head_counts *counts_of(const conn_rec *c)
{
    for (const ap_filter_t *f = c->input_filters; f; f = f->next) {
        if (f->frec == count_filter) {
            return f->ctx;
        }
    }
    return NULL;
}

/* --- hooks ------------------------------------------------------------------------------------------------- */

static int watch_connection(conn_rec *c, void *csd)
{
    const backhand_config *conf = backhand_config_get(c->base_server);

    (void)csd;
    if (!c->master && !c->outgoing && conf->table && conf->proxy &&
        backhand_accept_covers(conf->accept, c->client_addr)) {
        ap_add_input_filter_handle(count_filter, apr_pcalloc(c->pool, sizeof(head_counts)), NULL, c);
    }
    return OK;
}

static void begin_to_read(request_rec *r, conn_rec *c)
{
    head_counts *counts = counts_of(c);
    server_rec *wide = counts && wide_servers ? apr_hash_get(wide_servers, &r->server, sizeof(server_rec *)) : NULL;

    if (wide) {
        memset(counts, 0, sizeof(*counts));
        counts->server = r->server;
        r->server = wide;
    }
}

/* Gives the request its real server, before other modules look at r->server. */
static int end_reading(request_rec *r)
{
    head_counts *counts = r->main || r->prev ? NULL : counts_of(r->connection);

    if (counts && counts->server && r->server == apr_hash_get(wide_servers, &counts->server, sizeof(server_rec *))) {
        r->server = counts->server;
    }
    return DECLINED;
}

static int refuse(request_rec *r, int status, const char *note, const char *directive)
{
    if (note) {
        apr_table_setn(r->notes, "error-notes", note);
    }
    ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, "backhand: a request without a mark that is believed exceeds %s",
                  directive);
    return status;
}

/* Compares as httpd does: its buffers hold one byte more than the limit, and two bytes less if a header has several
 * lines. */
static int has_long_field(const head_counts *counts, const server_rec *s)
{
    apr_size_t limit = (apr_size_t)s->limit_req_fieldsize;
    return counts->longest > limit + 1 || (counts->folded && counts->folded + 1 >= limit);
}

/* Answers as httpd would have answered a request that was not handed off. */
static int apply_ordinary(request_rec *r)
{
    head_counts *counts = r->main || r->prev ? NULL : counts_of(r->connection);
    const server_rec *s = counts ? counts->server : NULL;

    if (!s) {
        return DECLINED;
    }
    counts->server = NULL;
    if (backhand_received_is(r)) {
        return DECLINED;
    }
    if (counts->request > (apr_size_t)s->limit_req_line + 1) {
        return refuse(r, HTTP_REQUEST_URI_TOO_LARGE, NULL, "LimitRequestLine");
    }
    if (has_long_field(counts, s)) {
        return refuse(r, HTTP_BAD_REQUEST, "Size of a request header field exceeds server limit.",
                      "LimitRequestFieldSize");
    }
    if (s->limit_req_fields && counts->fields > s->limit_req_fields) {
        return refuse(r, HTTP_BAD_REQUEST, "The number of request header fields exceeds this server's limit.",
                      "LimitRequestFields");
    }
    return DECLINED;
}

/* --- what other servers would not read --------------------------------------------------------------------- */

static int allows_unsafe(const server_rec *s)
{
    const core_server_config *core = ap_get_core_module_config(s->module_config);
    return core->http_conformance == AP_HTTP_CONFORMANCE_UNSAFE;
}

/* @return 0 ends apr_table_do() */
static int is_strict_field(void *data, const char *name, const char *value)
{
    (void)data;
    return *name && !*ap_scan_http_token(name) && !*ap_scan_http_field_content(value);
}

static int is_strict_port(const char *port)
{
    int64_t number;
    return backhand_number_read(&number, port, 1, 65535);
}

/* A name, an IPv4 address, or an IPv6 address in brackets; each may be followed by a port. */
static int is_strict_host(const char *host)
{
    static const char name[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
    const char *end =
        *host == '[' ? host + 1 + strspn(host + 1, "0123456789abcdefABCDEF:.") : host + strspn(host, name);

    if (*host == '[' && *end++ != ']') {
        return 0;
    }
    return !strstr(host, "..") && (*end == '\0' || (*end == ':' && is_strict_port(end + 1)));
}

int backhand_wide_is_unsafe(const request_rec *r)
{
    const char *host = apr_table_get(r->headers_in, "Host");

    if (!allows_unsafe(r->server) && !allows_unsafe(r->connection->base_server)) {
        /* httpd accepts more in the host of an absolute URL than in the Host header that it makes of this host. */
        return r->parsed_uri.hostname && host && !is_strict_host(host);
    }
    return *ap_scan_http_token(r->method) || *ap_scan_vchar_obstext(backhand_target(r)) ||
           (host && !is_strict_host(host)) || !apr_table_do(is_strict_field, NULL, r->headers_in, NULL);
}

/* --- at start ---------------------------------------------------------------------------------------------- */

static int wider(int a, int b)
{
    return a > b ? a : b;
}

void backhand_wide_post_config(apr_pool_t *p, server_rec *s)
{
    int line = 0, size = FIELD_ADDED, fields = 1;

    for (const server_rec *host = s; host; host = host->next) {
        line = wider(line, host->limit_req_line);
        size = wider(size, host->limit_req_fieldsize);
        /* 0: no limit. */
        fields = fields && host->limit_req_fields ? wider(fields, host->limit_req_fields) : 0;
    }
    wide_servers = apr_hash_make(p);
    for (server_rec *host = s; host; host = host->next) {
        server_rec **key = apr_pmemdup(p, &host, sizeof(server_rec *));
        server_rec *wide = apr_pmemdup(p, host, sizeof(*host));
        wide->limit_req_line = line + LINE_ADDED;
        wide->limit_req_fieldsize = size;
        wide->limit_req_fields = fields ? fields + FIELDS_ADDED : 0;
        apr_hash_set(wide_servers, key, sizeof(server_rec *), wide);
    }
}

void backhand_wide_register(void)
{
    count_filter = ap_register_input_filter("BACKHAND_WIDE", count_input, NULL, AP_FTYPE_CONNECTION);
    ap_hook_pre_connection(watch_connection, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_pre_read_request(begin_to_read, NULL, NULL, APR_HOOK_MIDDLE);
    /* These run before and after backhand_received_read(). */
    ap_hook_post_read_request(end_reading, NULL, NULL, APR_HOOK_REALLY_FIRST - 1);
    ap_hook_post_read_request(apply_ordinary, NULL, NULL, APR_HOOK_REALLY_FIRST + 1);
}
