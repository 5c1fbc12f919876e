/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "act/received/user.h"
#include "base/throttle.h"
#include "act/received/record.h"
#include "table/clock.h"
#include "table/table.h"
#include "table/wall.h"

#include <apr_strings.h>
#include <http_core.h>
#include <http_log.h>
#include <http_protocol.h>
#include <http_request.h>

#include <errno.h>
#include <sys/mman.h>

APLOG_USE_MODULE(backhand);

/* Least time between two log lines about marks whose user is not taken. */
#define PERIOD apr_time_from_sec(600)
/* Key of the memory of spent marks, in the pool of the process. The number changes with the struct. */
#define KEPT_KEY "mod_backhand-spent-1"

static int is_trusting(const request_rec *r)
{
    return backhand_config_dir(r)->trust_user > 0;
}

/* --- the front server --------------------------------------------------------------------------------------------- */

static const char *make_nonce(apr_pool_t *p)
{
    uint64_t number;
    return apr_generate_random_bytes((unsigned char *)&number, sizeof(number)) == APR_SUCCESS
               ? apr_psprintf(p, "%016" APR_UINT64_T_HEX_FMT, number)
               : NULL;
}

/* r->user may not be authenticated: a module that only read the Authorization header sets it without a check. */
static int is_authentic(const request_rec *r)
{
    const backhand_user *user = backhand_received_user(r);
    return r->user && ((user && user->authenticated) || !apr_table_get(r->notes, AP_GET_BASIC_AUTH_PW_NOTE));
}

void backhand_user_tell(request_rec *r, backhand_mark *mark)
{
    if (!backhand_config_get(r->server)->keys) {
        return;
    }
    mark->id = apr_table_get(r->subprocess_env, "UNIQUE_ID");
    mark->id = mark->id ? mark->id : r->log_id;
    if (is_trusting(r) && is_authentic(r)) {
        mark->nonce = make_nonce(r->pool);
        mark->user = mark->nonce ? r->user : NULL;
        mark->auth = r->ap_auth_type;
    }
}

/* Hook check_authz. httpd runs it only for authenticated users. */
static int note_authenticated(request_rec *r)
{
    backhand_user *user = backhand_received_user(r);
    if (user) {
        user->authenticated = 1;
    }
    return DECLINED;
}

/* --- the back server ---------------------------------------------------------------------------------------------- */

void backhand_user_hear(request_rec *r, backhand_user *user, const backhand_mark *mark, const char *text)
{
    if (!backhand_config_get(r->server)->keys || !backhand_mark_signed(text)) {
        return;
    }
    if (mark->id) {
        /* mod_unique_id runs later and uses this id. */
        r->log_id = mark->id;
    }
    user->name = mark->user;
    user->auth = mark->auth;
    user->signature = backhand_mark_signature(text);
    user->stamped = backhand_mark_stamp(text);
}

/* The request that came from the other server. Its client is the one whom that server authenticated. */
static const request_rec *first_of(const request_rec *r)
{
    while (r->main || r->prev) {
        r = r->main ? r->main : r->prev;
    }
    return r;
}

static int is_same(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* True when one login is valid for both requests. */
static int is_same_realm(request_rec *a, const request_rec *b)
{
    request_rec other = *b;
    return is_same(ap_auth_type(a), ap_auth_type(&other)) && is_same(ap_auth_name(a), ap_auth_name(&other));
}

static const char *const troubles[] = {
    [BACKHAND_SPENT_BEFORE] = "the mark has come before",
    [BACKHAND_SPENT_EARLY] = "the mark was made before this server was started",
    [BACKHAND_SPENT_FULL] = "too many requests with users come to remember their marks",
};

static void say(request_rec *r, int64_t *told, backhand_spent_verdict verdict)
{
    if (backhand_throttle(told, backhand_clock_now(), PERIOD)) {
        ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, r,
                      "backhand: the user of a request that another server handed off is not taken: %s. This server "
                      "asks the client itself",
                      troubles[verdict]);
    }
}

/* Decides whether the mark may name a user: only once, and not if a copy of the mark may have been used before. */
static void judge(request_rec *r, backhand_user *user)
{
    const backhand_config *conf = backhand_config_get(r->server);
    apr_interval_time_t age = backhand_table_wall(conf->table) - user->stamped;
    backhand_spent_verdict verdict =
        backhand_spent_spend(conf->spent, user->signature, age, 2 * conf->skew, backhand_clock_now());

    user->judged = 1;
    user->valid = verdict == BACKHAND_SPENT_FIRST;
    if (!user->valid) {
        say(r, &conf->spent->told, verdict);
    }
}

static int take_user(request_rec *r)
{
    const request_rec *first = first_of(r);
    backhand_user *user = backhand_received_user(first);

    if (!user || !user->name || !is_trusting(r) || !backhand_config_get(r->server)->spent ||
        (r != first && !is_same_realm(r, first))) {
        return DECLINED;
    }
    if (!user->judged) {
        judge(r, user);
    }
    if (!user->valid) {
        return DECLINED;
    }
    r->user = apr_pstrdup(r->pool, user->name);
    r->ap_auth_type = user->auth ? apr_pstrdup(r->pool, user->auth) : NULL;
    return OK;
}

/* Hook fixups: where no `Require` line demands a user, httpd has not run check_authn. */
static int complete_user(request_rec *r)
{
    if (!r->user) {
        take_user(r);
    }
    return DECLINED;
}

/* --- at start ----------------------------------------------------------------------------------------------------- */

int backhand_user_post_config(server_rec *s)
{
    backhand_config *conf = backhand_config_get(s);
    void *kept = NULL;

    if (!conf->trust_user) {
        return OK;
    }
    apr_pool_userdata_get(&kept, KEPT_KEY, s->process->pool);
    if (!kept) {
        kept = mmap(NULL, sizeof(backhand_spent), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (kept == MAP_FAILED) {
            ap_log_error(APLOG_MARK, APLOG_CRIT, errno, s,
                         "backhand: no memory for BackhandTrustUser, %" APR_SIZE_T_FMT " bytes",
                         sizeof(backhand_spent));
            return HTTP_INTERNAL_SERVER_ERROR;
        }
        backhand_spent_init(kept, backhand_clock_now());
        apr_pool_userdata_set(kept, KEPT_KEY, NULL, s->process->pool);
    }
    conf->spent = kept;
    return OK;
}

void backhand_user_register(void)
{
    ap_hook_check_authn(take_user, NULL, NULL, APR_HOOK_REALLY_FIRST, AP_AUTH_INTERNAL_PER_CONF);
    ap_hook_check_authz(note_authenticated, NULL, NULL, APR_HOOK_REALLY_FIRST, AP_AUTH_INTERNAL_PER_CONF);
    ap_hook_fixups(complete_user, NULL, NULL, APR_HOOK_REALLY_FIRST);
}
