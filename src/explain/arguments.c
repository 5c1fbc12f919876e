/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "explain/arguments.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <http_protocol.h>

#include <arpa/inet.h>
#include <string.h>

#define BAD_ENCODING "An argument is not encoded as a URL's must be: write %25 for a percent sign."

static int is_address(const char *text)
{
    struct in6_addr ignored;
    return inet_pton(AF_INET, text, &ignored) == 1 || inet_pton(AF_INET6, text, &ignored) == 1;
}

static int has_controls(const char *text)
{
    for (; *text; text++) {
        if (apr_iscntrl(*text)) {
            return 1;
        }
    }
    return 0;
}

static const char *add_header(apr_table_t *headers, char *line, apr_pool_t *p)
{
    char *value = strchr(line, ':');

    if (!value || value == line || *ap_scan_http_token(apr_pstrmemdup(p, line, (apr_size_t)(value - line))) ||
        has_controls(value)) {
        return "header takes a header's name, a colon and its value, as in header=Cookie:+PHPSESSID%3Dabc.";
    }
    if (apr_table_elts(headers)->nelts >= BACKHAND_EXPLAIN_HEADERS) {
        return "There may be 32 headers.";
    }
    *value++ = '\0';
    apr_table_add(headers, line, value + strspn(value, " \t"));
    return NULL;
}

static const char *set_uri(backhand_explain_arguments *out, const char *value)
{
    if (*value != '/' || has_controls(value) || strchr(value, ' ')) {
        return "explain takes a path of this server as a client asks for it, from its / on, as in explain=/app/page.";
    }
    out->uri = value;
    return NULL;
}

static const char *set_method(backhand_explain_arguments *out, const char *value)
{
    if (ap_method_number_of(value) == M_INVALID) {
        return "method takes a method that httpd knows, as in method=POST.";
    }
    out->method = value;
    return NULL;
}

static const char *set_client(backhand_explain_arguments *out, const char *value)
{
    if (!is_address(value)) {
        return "client takes a numeric address, as in client=192.0.2.7.";
    }
    out->client = value;
    return NULL;
}

/* A form sends fields that are empty: they count as not given. */
static const char *set(backhand_explain_arguments *out, const char *name, char *value, apr_pool_t *p)
{
    int is_empty = !*value;

    if (strcmp(name, "json") == 0) {
        out->json = 1;
    }
    else if (strcmp(name, "explain") == 0) {
        return set_uri(out, value);
    }
    else if (strcmp(name, "method") == 0 && !is_empty) {
        return set_method(out, value);
    }
    else if (strcmp(name, "client") == 0 && !is_empty) {
        return set_client(out, value);
    }
    else if (strcmp(name, "header") == 0 && !is_empty) {
        return add_header(out->headers, value, p);
    }
    return NULL;
}

/* True when the query has the word, with a value or without. */
static int has(const char *query, const char *word, apr_pool_t *p)
{
    while (*query) {
        const char *argument = ap_getword(p, &query, '&');
        if (strcmp(ap_getword(p, &argument, '='), word) == 0) {
            return 1;
        }
    }
    return 0;
}

int backhand_explain_arguments_read(backhand_explain_arguments *out, const request_rec *r)
{
    const char *rest = r->args ? r->args : "";

    memset(out, 0, sizeof(*out));
    if (!has(rest, "explain", r->pool) && !has(rest, "chains", r->pool)) {
        return 0;
    }
    out->method = "GET";
    out->headers = apr_table_make(r->pool, 4);
    while (*rest && !out->error) {
        const char *argument = ap_getword(r->pool, &rest, '&'), *name = ap_getword(r->pool, &argument, '=');
        char *value = apr_pstrdup(r->pool, argument);
        out->error = ap_unescape_urlencoded(value) == OK ? set(out, name, value, r->pool) : BAD_ENCODING;
    }
    if (!apr_table_get(out->headers, "Host")) {
        const char *host = apr_table_get(r->headers_in, "Host");
        apr_table_setn(out->headers, "Host", host ? host : "");
    }
    return 1;
}
