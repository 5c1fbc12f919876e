/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "candidacy/session.h"
#include "candidacy/session_id.h"
#include "candidacy/explanation.h"
#include "candidacy/share.h"
#include "table/blame.h"
#include "table/duty.h"

#include <apr_strings.h>
#include <httpd.h>

#include <string.h>

#define DEFAULT_IDENTIFIER "PHPSESSID="
/* The most ids of one request that are looked up in the table: a client can send any number. */
#define IDS_MAX 8

/* A search for the candidate that owns the client's session. */
typedef struct search {
    const backhand_table *table;
    const backhand_candidates *run;
    const char *identifier;
    const ServerSlot *servers;
    int n;
    int ids;               /* ids looked up so far */
    int found;             /* place in the list; -1: none yet */
    backhand_contact lost; /* the first owner that is gone; port 0: none */
} search;

static int keeps_sessions(const search *s, int id)
{
    return backhand_session_lives(s->table, id, s->run->generation) &&
           (id == 0 || (id != s->run->barred && !backhand_table_refused_lately(s->table, id, s->run->retry)));
}

static int place_of(const search *s, const backhand_owner *owner)
{
    for (int i = 0; i < s->n; i++) {
        if (backhand_session_names(s->table, s->servers[i].id, s->run->generation, owner, NULL) &&
            keeps_sessions(s, s->servers[i].id)) {
            return i;
        }
    }
    return -1;
}

/* Notes an owner that is gone, when no candidate owns the session. An owner that an earlier function dropped from the
 * list still has its session. */
static void note_lost(search *s, const backhand_owner *owner)
{
    backhand_contact contact, lost = {.port = 0};
    int used = backhand_table_used(s->table);

    for (int id = 0; id < used; id++) {
        if (backhand_session_names(s->table, id, s->run->generation, owner, &contact)) {
            if (keeps_sessions(s, id)) {
                return;
            }
            lost = contact;
        }
    }
    s->lost = lost;
}

static void look_at(search *s, const char *text, backhand_session_place place)
{
    apr_size_t at = 0, length = strlen(text);
    backhand_owner owner;
    while (s->found < 0 && s->ids < IDS_MAX && backhand_session_next(&owner, text, length, place, s->identifier, &at)) {
        s->ids++;
        s->found = place_of(s, &owner);
        if (s->found < 0 && !s->lost.port) {
            note_lost(s, &owner);
        }
    }
}

static int look_at_cookies(void *ctx, const char *key, const char *value)
{
    search *s = ctx;
    (void)key;
    look_at(s, value, BACKHAND_SESSION_COOKIE);
    return s->found < 0;
}

static void explain(const search *s)
{
    backhand_explanation *e = s->run->explanation;
    char contact[BACKHAND_CONTACT_SIZE];

    if (e && s->found >= 0) {
        backhand_identity_get(s->servers[s->found].id, NULL, contact);
        backhand_explanation_say(e, "the session of %s: no other server may serve the request", contact);
    }
    else if (e && s->lost.port) {
        backhand_contact_format(contact, &s->lost);
        backhand_explanation_say(e, "the session of %s, which is gone: another server takes it over", contact);
    }
    else if (e && s->ids) {
        backhand_explanation_say(e, "the session of no server of this list");
    }
    else if (e) {
        backhand_explanation_say(e, "no session: no server's id after %s", s->identifier);
    }
}

static int by_session(request_rec *r, ServerSlot *servers, int *n, char *arg)
{
    backhand_candidates *run = backhand_chain_current();
    search s = {backhand_table_current(), run, arg ? arg : DEFAULT_IDENTIFIER, servers, *n, 0, -1, {.port = 0}};

    apr_table_do(look_at_cookies, &s, r->headers_in, "Cookie", NULL);
    /* The query as received: mod_rewrite may have changed r->args. */
    if (s.found < 0 && r->parsed_uri.query) {
        look_at(&s, r->parsed_uri.query, BACKHAND_SESSION_QUERY);
    }
    explain(&s);
    if (s.found >= 0) {
        servers[0] = servers[s.found];
        *n = 1;
        run->owner = servers[0].id;
    }
    else if (s.lost.port) {
        run->lost = s.lost;
    }
    if (s.found < 0 && backhand_table_any_restricted(s.table)) {
        *n = backhand_share_new(s.table, servers, *n, 1);
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
        {"bySession", by_session, check_identifier, 1},
        {NULL, NULL, NULL, 0},
    };
    return builtins;
}
