/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "act/proxy/handoff.h"
#include "act/proxy/fields.h"
#include "act/proxy/login.h"
#include "act/received/received.h"
#include "act/received/mark_signature.h"
#include "act/proxy/response.h"
#include "act/request/target.h"
#include "act/request/tunnel.h"
#include "act/proxy/tls.h"
#include "act/proxy/attempt.h"

#include <apr_strings.h>
#include <http_protocol.h>
#include <http_request.h>

/* All parts of a request that an attempt changes, to be restored when it fails. */
typedef struct saved_request {
    server_rec *server;
    ap_conf_vector_t *per_dir_config;
    const struct ap_logconf *log;
    struct ap_filter_t *output_filters, *input_filters, *proto_input_filters;
    const char *hostname;
    apr_table_t *headers_in, *headers_out, *err_headers_out, *trailers_out, *env;
    const char *content_type, *content_encoding, *status_line, *error_notes, *verbose_error_to;
    apr_array_header_t *content_languages;
    int status, proxyreq, no_cache, no_local_copy;
} saved_request;

static void request_save(saved_request *saved, request_rec *r)
{
    saved->server = r->server;
    saved->per_dir_config = r->per_dir_config;
    saved->log = r->log;
    saved->output_filters = r->output_filters;
    saved->input_filters = r->input_filters;
    saved->proto_input_filters = r->proto_input_filters;
    saved->hostname = r->hostname;
    saved->headers_in = r->headers_in;
    saved->headers_out = r->headers_out;
    saved->err_headers_out = r->err_headers_out;
    saved->trailers_out = r->trailers_out;
    saved->env = r->subprocess_env;
    saved->content_type = r->content_type;
    saved->content_encoding = r->content_encoding;
    saved->content_languages = r->content_languages;
    saved->status = r->status;
    saved->status_line = r->status_line;
    saved->proxyreq = r->proxyreq;
    saved->no_cache = r->no_cache;
    saved->no_local_copy = r->no_local_copy;
    saved->error_notes = apr_table_get(r->notes, "error-notes");
    saved->verbose_error_to = apr_table_get(r->notes, "verbose-error-to");
}

/* Restores server, directory configuration and log. Called in every case, also when another server answered. */
static void request_restore_settings(const saved_request *saved, request_rec *r)
{
    r->server = saved->server;
    r->per_dir_config = saved->per_dir_config;
    r->log = saved->log;
    r->hostname = saved->hostname;
    backhand_fields_end(r);
    r->headers_in = saved->headers_in;
    r->subprocess_env = saved->env;
    r->input_filters = saved->input_filters;
    r->proto_input_filters = saved->proto_input_filters;
}

static void note_restore(request_rec *r, const char *name, const char *value)
{
    if (value) {
        apr_table_setn(r->notes, name, value);
    }
    else {
        apr_table_unset(r->notes, name);
    }
}

static void request_restore(const saved_request *saved, request_rec *r)
{
    request_restore_settings(saved, r);
    r->output_filters = saved->output_filters;
    r->headers_out = saved->headers_out;
    r->err_headers_out = saved->err_headers_out;
    r->trailers_out = saved->trailers_out;
    r->content_type = saved->content_type;
    r->content_encoding = saved->content_encoding;
    r->content_languages = saved->content_languages;
    r->status = saved->status;
    r->status_line = saved->status_line;
    r->proxyreq = saved->proxyreq;
    r->no_cache = saved->no_cache;
    r->no_local_copy = saved->no_local_copy;
    r->sent_bodyct = 0;
    /* If no response comes on a kept connection, mod_proxy has sent the end of the response. With eos_sent set, httpd
     * would never send the answer of a handler here. */
    r->eos_sent = 0;
    note_restore(r, "error-notes", saved->error_notes);
    note_restore(r, "verbose-error-to", saved->verbose_error_to);
    apr_table_unset(r->notes, "proxy_timedout");
    apr_table_unset(r->notes, "proxy-100-continue");
    apr_table_unset(r->notes, "proxy-status");
    apr_table_unset(r->notes, "proxy-source-port");
}

/* Removes variables by which an administrator configures mod_proxy for servers behind this one. */
static apr_table_t *env_for_handoff(request_rec *r)
{
    static const char *const of_proxy[] = {
        "force-proxy-request-1.0",
        "proxy-nokeepalive",
        "proxy-initial-not-pooled",
        "proxy-interim-response",
        "proxy-sendchunked",
        "proxy-sendchunks",
        "proxy-sendcl",
        "proxy-sendextracrlf",
        "Proxy-Chain-Auth",
        "proxy-prefetch-nonblocking",
    };
    apr_table_t *env = apr_table_copy(r->pool, r->subprocess_env);

    for (size_t i = 0; i < sizeof(of_proxy) / sizeof(of_proxy[0]); i++) {
        apr_table_unset(env, of_proxy[i]);
    }
    apr_table_setn(env, "Proxy-Chain-Auth", "1");
    return env;
}

/* The output filter at which the response enters: below the filters that compute ranges and the length, because the
 * other server has done that. */
static ap_filter_t *filters_of_wire(const request_rec *r)
{
    ap_filter_t *f = r->proto_output_filters;
    while (f->next &&
           (strcasecmp(f->frec->name, "BYTERANGE") == 0 || strcasecmp(f->frec->name, "CONTENT_LENGTH") == 0)) {
        f = f->next;
    }
    return f;
}

/* Sends a chunked body in chunks, with its trailers, even if it is short. */
static void dress_body(const backhand_handoff *handoff, backhand_attempt *t)
{
    request_rec *r = handoff->r;

    backhand_body_begin(handoff->body, t->handshake.wanted ? &t->sent : NULL);
    if (apr_table_get(r->headers_in, "Transfer-Encoding")) {
        apr_table_setn(r->subprocess_env, "proxy-prefetch-nonblocking", "1");
        backhand_body_hold_end(handoff->body, 1);
        t->chunked = r;
    }
}

/* Prepares the request for the other server: as it came, with the mark. Content filters and modules that set headers
 * run on the server that serves the request, and not here as well. */
static void request_dress(backhand_handoff *handoff, const backhand_settings *settings, backhand_attempt *t,
                          const backhand_announcement *announcement)
{
    request_rec *r = handoff->r;
    const char *mark, *host;

    r->proxyreq = PROXYREQ_REVERSE;
    r->server = settings->server;
    r->log = &settings->server->log;
    r->per_dir_config = backhand_settings_dir_config(handoff->proxy, r);
    r->subprocess_env = env_for_handoff(r);
    mark = backhand_received_format(r);
    r->headers_in = backhand_received_headers(r);
    host = apr_table_get(r->headers_in, "Host");
    if (!host || !*host) {
        apr_table_setn(r->headers_in, "Host", r->server->server_hostname ? r->server->server_hostname : "localhost");
    }
    mark = backhand_mark_sign(r, backhand_config_get(r->server), mark, announcement->stat.contact);
    apr_table_setn(r->headers_in, BACKHAND_MARK_HEADER, mark);
    backhand_fields_begin(r);
    if (t->handshake.wanted) {
        /* ProxyPreserveHost is on, so mod_proxy uses this name for SNI, for the check of the certificate, and for
         * keeping the connection. The client chose the former name. */
        r->hostname = t->handshake.name;
    }
    r->headers_out = apr_table_make(r->pool, 12);
    r->err_headers_out = apr_table_make(r->pool, 2);
    r->trailers_out = apr_table_make(r->pool, 2);
    r->content_type = NULL;
    r->content_encoding = NULL;
    r->content_languages = NULL;
    r->no_cache = 0;
    r->no_local_copy = 0;
    r->output_filters = filters_of_wire(r);
    backhand_login_insert(r, t);
    backhand_response_insert(r, t);
    if (handoff->body) {
        dress_body(handoff, t);
    }
    else {
        r->input_filters = r->proto_input_filters;
    }
}

int backhand_handoff_is_repeatable(const request_rec *r)
{
    switch (r->method_number) {
    case M_GET: /* and HEAD */
    case M_OPTIONS:
    case M_PUT:
    case M_DELETE:
        return 1;
    default:
        return 0;
    }
}

void backhand_handoff_init(backhand_handoff *handoff, request_rec *r, const backhand_config *conf, backhand_body *body)
{
    memset(handoff, 0, sizeof(*handoff));
    handoff->r = r;
    handoff->proxy = conf->proxy;
    handoff->idempotent = backhand_handoff_is_repeatable(r);
    handoff->body = body;
    if (body) {
        backhand_body_keep(body, handoff->idempotent ? conf->retry_body : -1);
        backhand_body_check(body);
    }
}

/* Judges how an attempt ended, by mod_proxy_http's result and the notes of our filters. */
static backhand_handoff_result judge(const backhand_attempt *t, const request_rec *r, int rc)
{
    if (t->begun) {
        return BACKHAND_ANSWERED;
    }
    if (t->abandoned) {
        return BACKHAND_GONE;
    }
    if (t->unwanted_status) {
        return BACKHAND_UNWANTED;
    }
    if (t->body && backhand_body_status(t->body)) {
        return BACKHAND_CLIENT;
    }
    if (t->handshake.failed) {
        return BACKHAND_REFUSED;
    }
    if (!t->sent) {
        return BACKHAND_REFUSED;
    }
    if (t->silenced) {
        return t->stranded ? BACKHAND_STALE : BACKHAND_DROPPED;
    }
    if (t->timed_out || rc == HTTP_GATEWAY_TIME_OUT || apr_table_get(r->notes, "proxy_timedout")) {
        return BACKHAND_TIMED_OUT;
    }
    /* mod_proxy_http gave up, although the connection was good or had brought a final response's head. */
    if (t->head.status != 0 && (!t->lost || backhand_response_head_is_final(&t->head))) {
        return BACKHAND_BROKEN;
    }
    return t->reused ? BACKHAND_STALE : BACKHAND_DROPPED;
}

/* Puts the body back after an attempt that sent nothing. When a TLS handshake fails, mod_proxy has already passed a
 * part of the body on. */
static backhand_handoff_result take_back(backhand_handoff *handoff, const backhand_attempt *t)
{
    if (!t->handshake.failed) {
        backhand_body_unread(handoff->body);
        return BACKHAND_REFUSED;
    }
    if (backhand_body_rewind(handoff->body)) {
        return BACKHAND_REFUSED;
    }
    handoff->idempotent = 0;
    return BACKHAND_DROPPED;
}

backhand_handoff_result backhand_handoff_attempt(backhand_handoff *handoff, backhand_worker *worker, int id,
                                                 uint64_t generation, const backhand_announcement *announcement)
{
    request_rec *r = handoff->r;
    const backhand_settings *settings = backhand_settings_get(handoff->proxy, r, worker->ipv6);
    backhand_attempt t = {.conf = backhand_config_get(r->server),
                          .r = r,
                          .id = id,
                          .generation = generation,
                          .own = r->headers_out,
                          .repeatable = handoff->idempotent,
                          .safe = r->method_number == M_GET || r->method_number == M_OPTIONS,
                          .final = handoff->final,
                          .upgrades = backhand_tunnel_is_asked(r),
                          .body = handoff->body,
                          .head.pool = r->pool};
    char *url = apr_pstrcat(r->pool, announcement->stat.contact, backhand_target(r), NULL);
    saved_request saved;
    backhand_handoff_result result;
    int rc;

    handoff->trouble = NULL;
    if (!settings) {
        return BACKHAND_REFUSED;
    }
    if (announcement->contact.https) {
        t.handshake.wanted = 1;
        t.handshake.name = apr_pstrdup(r->pool, announcement->stat.hostname);
        t.handshake.limit = backhand_config_get(r->server)->connect_timeout;
    }
    request_save(&saved, r);
    request_dress(handoff, settings, &t, announcement);
    backhand_attempt_begin(&t);
    rc = backhand_worker_run(handoff->proxy, r, worker, settings->proxy, url);
    backhand_attempt_end(&t);
    result = judge(&t, r, rc);
    handoff->silent = t.silenced;
    handoff->opened = t.opened;
    handoff->trouble = backhand_handshake_trouble(&t.handshake, r->pool);
    if (handoff->body) {
        backhand_body_end(handoff->body);
    }
    backhand_response_remove(r, &t);
    if (result == BACKHAND_ANSWERED) {
        request_restore_settings(&saved, r);
        if (handoff->body) {
            backhand_body_answered(handoff->body);
        }
        handoff->status = rc;
        return result;
    }
    if (result == BACKHAND_CLIENT) {
        /* These notes tell the client what is wrong with its trailers. */
        saved.error_notes = apr_table_get(r->notes, "error-notes");
    }
    request_restore(&saved, r);
    if (handoff->body && result == BACKHAND_REFUSED) {
        result = take_back(handoff, &t);
    }
    else if (handoff->body && (result == BACKHAND_DROPPED || result == BACKHAND_STALE || result == BACKHAND_UNWANTED)) {
        handoff->idempotent = backhand_body_rewind(handoff->body) && handoff->idempotent;
    }
    return result;
}
