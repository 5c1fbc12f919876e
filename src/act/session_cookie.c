/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "act/session_cookie.h"
#include "act/received/received.h"
#include "candidacy/session_id.h"
#include "config/config.h"

#include <apr_strings.h>
#include <http_core.h>
#include <http_protocol.h>

#include <string.h>

#define NOTE "backhand-session-cookie"
/* Largest number of ids of one request that are looked up in the table, because the client chooses how many it
 * sends. */
#define IDS_MAX 8

/* State of the search through the cookies of the client. */
typedef struct pin {
    const backhand_table *table;
    const char *name;
    const backhand_contact *lost; /* a server that no longer owns any session; NULL: none */
    int ids;
    int holder; /* slot of the live server that a cookie names; -1: none */
} pin;

static int holder_of(const pin *p, const backhand_owner *owner)
{
    int used = backhand_table_used(p->table);

    if (p->lost && strcmp(p->lost->address, owner->address) == 0 && (!owner->port || owner->port == p->lost->port)) {
        return -1;
    }
    for (int id = 0; id < used; id++) {
        if (backhand_session_owns(p->table, id, UINT64_MAX, owner)) {
            return id;
        }
    }
    return -1;
}

static int look_at(void *ctx, const char *key, const char *value)
{
    pin *p = ctx;
    apr_size_t at = 0, length = strlen(value);
    backhand_owner owner;

    (void)key;
    while (p->holder < 0 && p->ids < IDS_MAX &&
           backhand_session_next(&owner, value, length, BACKHAND_SESSION_COOKIE, p->name, &at)) {
        p->ids++;
        p->holder = holder_of(p, &owner);
    }
    return p->holder < 0;
}

static int is_wanted(request_rec *r, const backhand_cookie *cookie, const backhand_table *table)
{
    pin p = {table, cookie->name, backhand_received_lost(r), 0, -1};

    apr_table_do(look_at, &p, r->headers_in, "Cookie", NULL);
    return p.holder < 0 || (p.holder == 0 && cookie->ends);
}

/* An internal redirect keeps the response headers of the request before it. */
static int is_set_before(const request_rec *r)
{
    for (; r; r = r->prev) {
        if (apr_table_get(r->notes, NOTE)) {
            return 1;
        }
    }
    return 0;
}

static int is_status_page(const request_rec *r)
{
    return r->handler && strcmp(r->handler, BACKHAND_HANDLER) == 0;
}

int backhand_session_cookie_handler(request_rec *r)
{
    const backhand_cookie *cookie = backhand_config_dir(r)->session_cookie;
    const backhand_table *table = backhand_config_get(r->server)->table;
    char id[BACKHAND_SESSION_ID_SIZE];
    backhand_announcement self;
    int secure;

    if (!cookie || !table || r->main || is_status_page(r) || is_set_before(r) ||
        !backhand_table_read(table, 0, &self, NULL) || !backhand_session_write(id, &self.contact) ||
        !is_wanted(r, cookie, table)) {
        return DECLINED;
    }
    secure = cookie->secure || strcmp(ap_http_scheme(r), "https") == 0;
    /* err_headers_out: error responses get the cookie as well. */
    apr_table_add(r->err_headers_out, "Set-Cookie",
                  apr_pstrcat(r->pool, cookie->name, "=", id, cookie->attributes, secure ? "; Secure" : "", NULL));
    apr_table_setn(r->notes, NOTE, "1");
    return DECLINED;
}
