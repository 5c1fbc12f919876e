/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "candidacy/session.h"
#include "candidacy/session_id.h"
#include "status/page.h"

#include <apr_strings.h>
#include <http_core.h>
#include <http_protocol.h>

#include <string.h>

#define DEFAULT_IDENTIFIER "PHPSESSID="
/* Ids of one request that are looked up in the table: the client says how many there are. */
#define IDS_MAX 8

/* A search for the candidate that owns the client's session. */
typedef struct search {
    const backhand_table *table;
    uint64_t generation;
    const char *identifier;
    const ServerSlot *servers;
    int n;
    int ids;   /* looked up so far */
    int found; /* place in the list; -1: none yet */
} search;

static int place_of(const search *s, const backhand_owner *owner)
{
    for (int i = 0; i < s->n; i++) {
        if (backhand_session_owns(s->table, s->servers[i].id, s->generation, owner)) {
            return i;
        }
    }
    return -1;
}

static void look_at(search *s, const char *text, backhand_session_place place)
{
    apr_size_t at = 0, length = strlen(text);
    backhand_owner owner;
    while (s->found < 0 && s->ids < IDS_MAX && backhand_session_next(&owner, text, length, place, s->identifier, &at)) {
        s->ids++;
        s->found = place_of(s, &owner);
    }
}

static int look_at_cookies(void *ctx, const char *key, const char *value)
{
    search *s = ctx;
    (void)key;
    look_at(s, value, BACKHAND_SESSION_COOKIE);
    return s->found < 0;
}

static int by_session(request_rec *r, ServerSlot *servers, int *n, char *arg)
{
    const backhand_candidates *run = backhand_chain_current();
    search s = {backhand_table_current(), run->generation, arg ? arg : DEFAULT_IDENTIFIER, servers, *n, 0, -1};
    apr_table_do(look_at_cookies, &s, r->headers_in, "Cookie", NULL);
    /* As it was received: mod_rewrite may have changed r->args. */
    if (s.found < 0 && r->parsed_uri.query) {
        look_at(&s, r->parsed_uri.query, BACKHAND_SESSION_QUERY);
    }
    if (s.found >= 0) {
        servers[0] = servers[s.found];
        *n = 1;
    }
    return *n;
}

static const char *check_identifier(const char *arg)
{
    char name[BACKHAND_HOSTNAME_SIZE];
    apr_size_t length;
    if (!arg) {
        return NULL;
    }
    length = strlen(arg);
    if (length > 1 && arg[length - 1] == '=') {
        length--;
    }
    if (length < sizeof(name)) {
        apr_cpystrn(name, arg, length + 1);
        if (!backhand_session_check_name(name)) {
            return NULL;
        }
    }
    return "takes the text before the session id in cookies and query strings, a name and `=`, as in JSESSIONID= "
           "(default " DEFAULT_IDENTIFIER ")";
}

const backhand_builtin *backhand_request_builtins(void)
{
    static const backhand_builtin builtins[] = {
        {"bySession", by_session, check_identifier},
        {NULL, NULL, NULL},
    };
    return builtins;
}

/* --- the cookie -------------------------------------------------------------------------------------------- */

/* A cookie that the client sent. */
typedef struct pin {
    const backhand_table *table;
    const char *name;
    int ids;
    int holds; /* it names a live server */
} pin;

static int holds(const backhand_table *table, const backhand_owner *owner)
{
    int used = backhand_table_used(table);
    for (int id = 0; id < used; id++) {
        if (backhand_session_owns(table, id, UINT64_MAX, owner)) {
            return 1;
        }
    }
    return 0;
}

static int look_at_pin(void *ctx, const char *key, const char *value)
{
    pin *p = ctx;
    apr_size_t at = 0, length = strlen(value);
    backhand_owner owner;
    (void)key;
    while (!p->holds && p->ids < IDS_MAX &&
           backhand_session_next(&owner, value, length, BACKHAND_SESSION_COOKIE, p->name, &at)) {
        p->ids++;
        p->holds = holds(p->table, &owner);
    }
    return !p->holds;
}

static int is_pinned(request_rec *r, const char *name, const backhand_table *table)
{
    pin p = {table, name, 0, 0};
    apr_table_do(look_at_pin, &p, r->headers_in, "Cookie", NULL);
    return p.holds;
}

/* An internal redirect takes the headers along that the request before it had. */
static int is_set_before(const request_rec *r)
{
    for (; r; r = r->prev) {
        if (apr_table_get(r->notes, "backhand-session-cookie")) {
            return 1;
        }
    }
    return 0;
}

static int is_status_page(const request_rec *r)
{
    return r->handler && strcmp(r->handler, BACKHAND_HANDLER) == 0;
}

int backhand_session_handler(request_rec *r)
{
    const char *name = backhand_config_dir(r)->session_cookie;
    const backhand_table *table = backhand_config_get(r->server)->table;
    char id[BACKHAND_SESSION_ID_SIZE];
    backhand_announcement self;

    if (!name || !table || r->main || is_status_page(r) || is_set_before(r) ||
        !backhand_table_read(table, 0, &self, NULL) || !backhand_session_write(id, &self.contact) ||
        is_pinned(r, name, table)) {
        return DECLINED;
    }
    /* Also on an error's response. */
    apr_table_add(r->err_headers_out, "Set-Cookie",
                  apr_pstrcat(r->pool, name, "=", id, "; Path=/; HttpOnly; SameSite=Lax",
                              strcmp(ap_http_scheme(r), "https") == 0 ? "; Secure" : "", NULL));
    apr_table_setn(r->notes, "backhand-session-cookie", "1");
    return DECLINED;
}
