/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "act/proxy/login.h"

#include <apr_optional.h>
#include <apr_strings.h>
#include <http_protocol.h>
#include <mod_session.h>
#include <util_filter.h>

/* Handler of mod_auth_form that replaces the POST of a login form by the request that the form contains. */
#define FORM_REDIRECT "form-redirect-handler"
/* Filter of mod_session that saves the session when the response begins. */
#define SESSION_FILTER "MOD_SESSION_OUT"

static ap_filter_rec_t *login_filter;

/* --- sessions ----------------------------------------------------------------------------------------------------- */

/* True when a module such as mod_auth_form has changed the request's session here. */
static int session_is_changed(request_rec *r)
{
    APR_OPTIONAL_FN_TYPE(ap_session_load) *load = APR_RETRIEVE_OPTIONAL_FN(ap_session_load);
    session_rec *session = NULL;

    return ap_get_output_filter_handle(SESSION_FILTER) && load && load(r, &session) == APR_SUCCESS && session &&
           session->dirty && !session->written;
}

typedef struct cookie {
    const char *name;
    apr_size_t length;
    int found; /* found in the table */
} cookie;

static cookie cookie_of(const char *value)
{
    cookie c = {value, strcspn(value, "=;"), 0};
    return c;
}

static int compare(void *data, const char *key, const char *value)
{
    cookie *wanted = data, c = cookie_of(value);
    (void)key;
    wanted->found |= c.length == wanted->length && memcmp(c.name, wanted->name, c.length) == 0;
    return 1;
}

typedef struct merge {
    const apr_table_t *ours;
    apr_table_t *kept; /* cookies of the other server that this one does not set */
} merge;

static int keep_other(void *data, const char *key, const char *value)
{
    const merge *m = data;
    cookie c = cookie_of(value);
    apr_table_do(compare, &c, m->ours, "Set-Cookie", NULL);
    if (!c.found) {
        apr_table_addn(m->kept, key, value);
    }
    return 1;
}

/* Cookies of this server replace the back server's: that server does not know of the login, and may have begun another
 * session. */
static void prefer_our_cookies(request_rec *r)
{
    merge m = {r->err_headers_out, NULL};

    if (apr_table_get(r->err_headers_out, "Set-Cookie") && apr_table_get(r->headers_out, "Set-Cookie")) {
        m.kept = apr_table_make(r->pool, 4);
        apr_table_do(keep_other, &m, r->headers_out, "Set-Cookie", NULL);
        apr_table_unset(r->headers_out, "Set-Cookie");
        r->headers_out = apr_table_overlay(r->pool, r->headers_out, m.kept);
    }
}

/* --- the response ------------------------------------------------------------------------------------------------- */

static const char *const infos[] = {"Authentication-Info", "Proxy-Authentication-Info"};

static void add_infos(request_rec *r, const apr_table_t *own)
{
    for (size_t i = 0; i < sizeof(infos) / sizeof(infos[0]); i++) {
        const char *value = apr_table_get(own, infos[i]);
        if (value && !apr_table_get(r->headers_out, infos[i])) {
            apr_table_setn(r->headers_out, infos[i], value);
        }
    }
}

static int has_infos(const apr_table_t *own)
{
    return apr_table_get(own, infos[0]) || apr_table_get(own, infos[1]);
}

/* Runs below mod_session's filter when the response begins. */
static apr_status_t login_output(ap_filter_t *f, apr_bucket_brigade *bb)
{
    const backhand_attempt *t = f->ctx;
    ap_filter_t *next = f->next;

    add_infos(f->r, t->own);
    prefer_our_cookies(f->r);
    ap_remove_output_filter(f);
    return ap_pass_brigade(next, bb);
}

void backhand_login_insert(request_rec *r, backhand_attempt *t)
{
    int changed;

    if (backhand_config_dir(r)->trust_user <= 0) {
        return;
    }
    changed = session_is_changed(r);
    if (changed) {
        ap_add_output_filter(SESSION_FILTER, NULL, r, r->connection);
    }
    if (changed || has_infos(t->own)) {
        ap_add_output_filter_handle(login_filter, t, r, r->connection);
    }
}

int backhand_login_is_answered(const request_rec *r)
{
    return r->handler && strcmp(r->handler, FORM_REDIRECT) == 0;
}

void backhand_login_register(void)
{
    login_filter =
        ap_register_output_filter("BACKHAND_LOGIN", login_output, NULL, (ap_filter_type)(AP_FTYPE_CONTENT_SET + 1));
}
