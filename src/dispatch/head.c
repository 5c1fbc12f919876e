/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "dispatch/head.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <http_protocol.h>
#include <stdlib.h>

static void begin(backhand_head *head, const char *line)
{
    /* mod_proxy_http forgives an empty line before the status line. */
    if (*line == '\0') {
        return;
    }
    head->odd = strncmp(line, "HTTP/1.", 7) != 0 || strlen(line) < 12;
    head->status = head->odd ? 0 : (int)strtol(line + 9, NULL, 10);
    head->fields = apr_table_make(head->pool, 20);
}

static void add_field(backhand_head *head, char *line)
{
    char *colon = strchr(line, ':');
    char *value;

    /* A continued line, or none that HTTP knows. */
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

static void take_line(backhand_head *head, char *line)
{
    if (!head->fields || (head->complete && ap_is_HTTP_INFO(head->status))) {
        head->complete = 0;
        begin(head, line);
    }
    else if (!head->complete && *line) {
        add_field(head, line);
    }
    else {
        /* After the head come trailers at most. */
        head->complete = 1;
    }
}

/* What there was of a line, and what there is now, in one piece. */
static apr_status_t join(const backhand_head *head, apr_bucket_brigade *bb, char **line)
{
    apr_bucket *first = APR_BRIGADE_FIRST(bb);
    apr_size_t before = head->partial ? strlen(head->partial) : 0, length;
    const char *data;
    apr_off_t more;
    apr_status_t rv;

    /* As a rule a line is in one piece. */
    if (!before && first != APR_BRIGADE_SENTINEL(bb) && APR_BUCKET_NEXT(first) == APR_BRIGADE_SENTINEL(bb) &&
        apr_bucket_read(first, &data, &length, APR_BLOCK_READ) == APR_SUCCESS &&
        APR_BUCKET_NEXT(first) == APR_BRIGADE_SENTINEL(bb)) {
        *line = apr_pstrmemdup(head->pool, data, length);
        return APR_SUCCESS;
    }
    rv = apr_brigade_length(bb, 1, &more);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    length = (apr_size_t)more;
    *line = apr_palloc(head->pool, before + length + 1);
    if (before) {
        memcpy(*line, head->partial, before);
    }
    rv = apr_brigade_flatten(bb, *line + before, &length);
    (*line)[before + length] = '\0';
    return rv;
}

apr_status_t backhand_head_take(backhand_head *head, apr_bucket_brigade *bb)
{
    apr_size_t length;
    char *line;
    apr_status_t rv;

    if (head->odd || (head->complete && !ap_is_HTTP_INFO(head->status))) {
        return APR_SUCCESS;
    }
    rv = join(head, bb, &line);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    length = strlen(line);
    if (length == 0 || line[length - 1] != '\n') {
        head->partial = line;
        return APR_SUCCESS;
    }
    while (length > 0 && apr_isspace(line[length - 1])) {
        line[--length] = '\0';
    }
    head->partial = NULL;
    take_line(head, line);
    return APR_SUCCESS;
}

/* A response whose end is the end of the connection. */
static int ends_with_connection(const backhand_head *head, const request_rec *r)
{
    return !apr_table_get(head->fields, "Content-Length") && !apr_table_get(head->fields, "Transfer-Encoding") &&
           !r->header_only && !AP_STATUS_IS_HEADER_ONLY(head->status);
}

/* What mod_proxy_http left out belongs to the connection, but for old warnings. */
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

/* The value of the last header that travels, when it has that name; it is taken off then. */
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

/* httpd writes some headers last of all, after those of the connection. @return how many fields are left */
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

void backhand_head_apply(const backhand_head *head, request_rec *r)
{
    const apr_table_entry_t *fields;
    int http2 = r->proto_num >= HTTP_VERSION(2, 0);
    apr_table_t *out;
    int n;

    if (!head->complete || head->odd) {
        return;
    }
    fields = (const apr_table_entry_t *)apr_table_elts(head->fields)->elts;
    n = apr_table_elts(head->fields)->nelts;
    r->content_type = NULL;
    r->content_encoding = NULL;
    r->content_languages = NULL;
    n = http2 ? n : give_last(fields, n, r);
    out = apr_table_make(r->pool, n + 4);
    for (int i = 0; i < n; i++) {
        if (travels(r, fields[i].key) && strcasecmp(fields[i].key, "Upgrade") != 0) {
            apr_table_addn(out, fields[i].key, fields[i].val);
        }
    }
    put_last(out, r->headers_out, "Upgrade");
    put_last(out, r->headers_out, "Connection");
    r->headers_out = http2 ? order_for_http2(out, r) : out;
    if (!http2 && ends_with_connection(head, r)) {
        r->connection->keepalive = AP_CONN_CLOSE;
    }
}
