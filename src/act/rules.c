/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "act/rules.h"
#include "act/loop.h"
#include "act/own.h"
#include "act/proxy/keeper.h"
#include "act/proxy/login.h"
#include "act/received/received.h"
#include "act/received/wide.h"

#include <string.h>

/* With BackhandSelfRedirect Only, a place without a chain hands to the contact; a place with `Backhand off` does
 * not. */
static int has_policy(const backhand_dir_config *dir)
{
    return backhand_chain_has_functions(&dir->chain) || (dir->self_redirect == BACKHAND_SELF_ONLY && !dir->chain.off);
}

const char *backhand_rules_exempt(const request_rec *r)
{
    if (!has_policy(backhand_config_dir(r))) {
        return "no chain applies to this place";
    }
    if (r->proxyreq && r->proxyreq != PROXYREQ_REVERSE) {
        return "the request is for a forward proxy";
    }
    if (r->method_number == M_CONNECT || r->method_number == M_TRACE) {
        return "no handler of a place answers this method";
    }
    return backhand_login_is_answered(r) ? "the request fills in a login form" : NULL;
}

int backhand_rules_left_alone(const request_rec *r)
{
    return r->proxyreq == PROXYREQ_REVERSE && !backhand_config_dir(r)->proxy_pass;
}

void backhand_rules_fill(backhand_walk_rules *out, request_rec *r, const backhand_config *conf)
{
    const backhand_dir_config *dir = backhand_config_dir(r);

    *out = (backhand_walk_rules){
        .retry = conf->retry,
        .tries = conf->tries,
        .serves = dir->self_redirect != BACKHAND_SELF_ONLY,
        .asks_self = dir->self_redirect > 0 && backhand_identity_get(0, NULL, NULL),
        .can_ask = backhand_workers_ready(conf->proxy),
        .tls = backhand_settings_tls(conf->proxy, r),
        .unsafe = backhand_wide_is_unsafe(r),
        .session_redirects = dir->session_redirect != NULL,
        .own = backhand_own_is(r) || backhand_received_is_check(r),
        .left_alone = backhand_rules_left_alone(r),
        .marked = backhand_received_is(r) || backhand_received_is_doubtful(r),
    };
    out->loop = dir->self_redirect > 0 && out->marked && backhand_loop_is(r, conf->table);
}

/* The client is this machine or an address that AcceptStats covers. */
static int is_internal(const request_rec *r, const backhand_config *conf)
{
    return strncmp(r->useragent_ip, "127.", 4) == 0 || strcmp(r->useragent_ip, "::1") == 0 ||
           backhand_accept_covers(conf->accept, r->useragent_addr);
}

void backhand_rules_limit_wait(backhand_walk_rules *rules, const request_rec *r, const backhand_config *conf,
                               const backhand_candidates *candidates)
{
    const backhand_dir_config *dir = backhand_config_dir(r);

    if (dir->max_wait > 0 && !(dir->max_wait_exempt & BACKHAND_EXEMPT_SESSIONS && candidates->owner >= 0) &&
        !(dir->max_wait_exempt & BACKHAND_EXEMPT_INTERNAL && is_internal(r, conf))) {
        rules->max_wait = dir->max_wait;
    }
}
