/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "act/proxy/response_head.h"
#include "base/number.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <http_protocol.h>

/* Longest line that mod_proxy_http gets, in bytes; its buffer has 8192. */
#define LINE_PASSED 8000

static int begin(backhand_response_head *head, const char *line)
{
    uint64_t status;
    /* mod_proxy_http ignores an empty line before the status line. */
    if (*line == '\0') {
        return 1;
    }
    if (strncmp(line, "HTTP/1.", 7) != 0 || strlen(line) < 12) {
        return 0;
    }
    backhand_digits_read(&status, line + 9, line + 12);
    head->status = (int)status;
    head->reason = line + 9;
    head->fields = apr_table_make(head->pool, 20);
    return 1;
}

/* Adds a continuation line, which begins with a blank, to its field. */
static void add_more(const backhand_response_head *head, const char *line)
{
    const apr_array_header_t *fields = apr_table_elts(head->fields);
    apr_table_entry_t *last = &((apr_table_entry_t *)fields->elts)[fields->nelts - 1];

    while (apr_isspace(*line)) {
        line++;
    }
    if (*line) {
        last->val = apr_pstrcat(head->pool, last->val, *last->val ? " " : "", line, NULL);
    }
}

static void add_field(backhand_response_head *head, char *line)
{
    char *colon = strchr(line, ':');
    char *value;

    if (apr_isspace(*line) && !apr_is_empty_table(head->fields)) {
        head->more = 1;
        add_more(head, line);
        return;
    }
    if (!colon || apr_isspace(*line)) {
        head->odd = 1;
        return;
    }
    *colon = '\0';
    value = colon + 1;
    while (apr_isspace(*value)) {
        value++;
    }
    apr_table_addn(head->fields, line, value);
}

static apr_status_t take_line(backhand_response_head *head, char *line)
{
    if (!head->fields || (head->complete && ap_is_HTTP_INFO(head->status))) {
        head->complete = 0;
        return begin(head, line) ? APR_SUCCESS : APR_EGENERAL;
    }
    if (!head->complete && *line) {
        add_field(head, line);
        return APR_SUCCESS;
    }
    /* Only trailers may follow. */
    head->complete = 1;
    return head->odd && head->shortened ? APR_ENOSPC : APR_SUCCESS;
}

/* Joins the earlier part of a line with the new one. */
static apr_status_t join(const backhand_response_head *head, apr_bucket_brigade *bb, char **line, apr_size_t *length)
{
    apr_bucket *first = APR_BRIGADE_FIRST(bb);
    apr_size_t more;
    const char *data;
    apr_off_t all;
    apr_status_t rv;

    /* The usual case: the line is in one bucket. */
    if (!head->partial && first != APR_BRIGADE_SENTINEL(bb) && APR_BUCKET_NEXT(first) == APR_BRIGADE_SENTINEL(bb) &&
        apr_bucket_read(first, &data, length, APR_BLOCK_READ) == APR_SUCCESS &&
        APR_BUCKET_NEXT(first) == APR_BRIGADE_SENTINEL(bb)) {
        *line = apr_pstrmemdup(head->pool, data, *length);
        return APR_SUCCESS;
    }
    rv = apr_brigade_length(bb, 1, &all);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    more = (apr_size_t)all;
    *line = apr_palloc(head->pool, head->partly + more + 1);
    if (head->partial) {
        memcpy(*line, head->partial, head->partly);
    }
    rv = apr_brigade_flatten(bb, *line + head->partly, &more);
    *length = head->partly + more;
    (*line)[*length] = '\0';
    return rv;
}

int backhand_response_head_is_final(const backhand_response_head *head)
{
    return head->complete && !ap_is_HTTP_INFO(head->status);
}

static apr_status_t take(backhand_response_head *head, apr_bucket_brigade *bb)
{
    apr_size_t length;
    char *line;
    apr_status_t rv = join(head, bb, &line, &length);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (head->size + length > BACKHAND_RESPONSE_HEAD_MAX) {
        return APR_ENOSPC;
    }
    head->line = length;
    head->more = 0;
    if (length == 0 || line[length - 1] != '\n') {
        head->partial = line;
        head->partly = length;
        return APR_SUCCESS;
    }
    head->partial = NULL;
    head->partly = 0;
    head->size += length;
    while (length > 0 && (line[length - 1] == '\n' || line[length - 1] == '\r')) {
        line[--length] = '\0';
    }
    return take_line(head, line);
}

/* Replaces a line in the brigade by its beginning, `line`. For an interim response only the name is left:
 * mod_proxy_http itself sends those headers, and half a value would be wrong. */
static apr_status_t shorten(backhand_response_head *head, apr_bucket_brigade *bb, char *line)
{
    char *colon = strchr(line, ':');

    if (colon && ap_is_HTTP_INFO(head->status)) {
        colon[1] = '\0';
    }
    head->shortened = 1;
    apr_brigade_cleanup(bb);
    return apr_brigade_putstrs(bb, NULL, NULL, line, CRLF, NULL);
}

/* Reads up to the end of the line. */
static apr_status_t read_rest(backhand_response_head *head, apr_bucket_brigade *bb, ap_filter_t *from,
                              apr_read_type_e block)
{
    apr_bucket_brigade *rest = apr_brigade_create(head->pool, bb->bucket_alloc);
    apr_status_t rv = APR_SUCCESS;

    while (rv == APR_SUCCESS && head->partial) {
        rv = ap_get_brigade(from, rest, AP_MODE_GETLINE, block, 0);
        if (rv == APR_SUCCESS) {
            rv = APR_BRIGADE_EMPTY(rest) ? APR_EOF : take(head, rest);
        }
        apr_brigade_cleanup(rest);
    }
    apr_brigade_destroy(rest);
    return rv;
}

apr_status_t backhand_response_head_read(backhand_response_head *head, apr_bucket_brigade *bb, ap_filter_t *from,
                                         apr_read_type_e block)
{
    char line[LINE_PASSED + 1];
    apr_size_t length = LINE_PASSED;
    apr_status_t rv;

    if (backhand_response_head_is_final(head) || APR_BRIGADE_EMPTY(bb)) {
        return APR_SUCCESS;
    }
    rv = take(head, bb);
    if (rv == APR_SUCCESS && !head->partial && !head->more && head->line <= LINE_PASSED) {
        head->passed = head->line;
        return APR_SUCCESS;
    }
    if (rv == APR_SUCCESS) {
        /* The next read would overwrite these bytes in mod_ssl's buffer. */
        rv = apr_brigade_flatten(bb, line, &length);
    }
    if (rv == APR_SUCCESS && head->partial) {
        rv = read_rest(head, bb, from, block);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    head->passed = head->more ? head->passed : 0;
    if (head->passed + head->line <= LINE_PASSED) {
        head->passed += head->line;
        return APR_SUCCESS;
    }
    /* Of a continuation line only the first blank is left. */
    length = head->more ? 1 : length;
    head->passed += length;
    while (length > 1 && (line[length - 1] == '\n' || line[length - 1] == '\r')) {
        length--;
    }
    line[length] = '\0';
    return shorten(head, bb, line);
}

/* True for a response that ends with its connection. */
static int ends_with_connection(const backhand_response_head *head, const request_rec *r)
{
    return !apr_table_get(head->fields, "Content-Length") && !apr_table_get(head->fields, "Transfer-Encoding") &&
           !r->header_only && !AP_STATUS_IS_HEADER_ONLY(head->status);
}

/* True for a header that is passed on. Headers that mod_proxy_http left out belong to the connection, except old
 * Warning headers. */
static int travels(const request_rec *r, const char *name)
{
    switch (*name | ' ') {
    case 'c':
        if (strcasecmp(name, "Connection") == 0) {
            return 0;
        }
        break;
    case 't':
        if (strcasecmp(name, "Transfer-Encoding") == 0) {
            return 0;
        }
        break;
    case 'w':
        if (strcasecmp(name, "Warning") == 0) {
            return 1;
        }
        break;
    default:
        break;
    }
    return apr_table_get(r->headers_out, name) != NULL;
}

/* Removes the last header that is passed on, if it has this name, and returns its value; else NULL. */
static const char *take_last(const apr_table_entry_t *fields, int *n, const request_rec *r, const char *name)
{
    while (*n > 0 && !travels(r, fields[*n - 1].key)) {
        --*n;
    }
    return *n > 0 && strcasecmp(fields[*n - 1].key, name) == 0 ? fields[--*n].val : NULL;
}

static void put_last(apr_table_t *out, const apr_table_t *from, const char *name)
{
    const char *value = apr_table_get(from, name);
    if (value) {
        apr_table_unset(out, name);
        apr_table_setn(out, name, value);
    }
}

/* HTTP/1.1 begins with Date and Server, HTTP/2 ends with them. */
static apr_table_t *order_for_http2(const apr_table_t *in, request_rec *r)
{
    apr_table_t *out = apr_table_copy(r->pool, in);
    put_last(out, in, "Date");
    put_last(out, in, "Server");
    return out;
}

/* httpd writes some headers last, after those of the connection. @return how many fields are left */
static int give_last(const apr_table_entry_t *fields, int n, request_rec *r)
{
    const char *language = take_last(fields, &n, r, "Content-Language");

    r->content_encoding = take_last(fields, &n, r, "Content-Encoding");
    r->content_type = take_last(fields, &n, r, "Content-Type");
    if (language) {
        r->content_languages = apr_array_make(r->pool, 1, sizeof(char *));
        APR_ARRAY_PUSH(r->content_languages, const char *) = language;
    }
    return n;
}

/* Offers the client other protocols, such as h2c, as httpd does whoever answers. */
static void offer_upgrade(apr_table_t *out, const apr_table_t *own)
{
    const char *upgrade = apr_table_get(own, "Upgrade");
    if (upgrade) {
        apr_table_setn(out, "Upgrade", upgrade);
        apr_table_setn(out, "Connection", "Upgrade");
    }
}

void backhand_response_head_apply(const backhand_response_head *head, request_rec *r, const apr_table_t *own)
{
    const apr_table_entry_t *fields;
    /* The protocol alone does not tell: a request line may say HTTP/2.0 on a connection of HTTP/1.1. */
    int http2 = r->connection->master != NULL;
    apr_table_t *out;
    int n;

    if (!head->complete || head->odd) {
        return;
    }
    if (head->shortened) {
        r->status_line = head->reason;
    }
    fields = (const apr_table_entry_t *)apr_table_elts(head->fields)->elts;
    n = apr_table_elts(head->fields)->nelts;
    r->content_type = NULL;
    r->content_encoding = NULL;
    r->content_languages = NULL;
    n = http2 ? n : give_last(fields, n, r);
    out = apr_table_make(r->pool, n + 4);
    if (!http2) {
        offer_upgrade(out, own);
    }
    for (int i = 0; i < n; i++) {
        if (travels(r, fields[i].key) && strcasecmp(fields[i].key, "Upgrade") != 0) {
            apr_table_addn(out, fields[i].key, fields[i].val);
        }
    }
    if (apr_table_get(r->headers_out, "Upgrade")) {
        put_last(out, r->headers_out, "Upgrade");
        put_last(out, r->headers_out, "Connection");
    }
    r->headers_out = http2 ? order_for_http2(out, r) : out;
    if (!http2 && ends_with_connection(head, r)) {
        r->connection->keepalive = AP_CONN_CLOSE;
    }
}
