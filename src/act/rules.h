/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file rules.h
 * @brief Which requests this module decides on, and the rules of their walk. The thread of the request.
 */
#ifndef BACKHAND_RULES_H
#define BACKHAND_RULES_H

#include "config/config.h"
#include "walk/state.h"

/** Why this module does not decide on the request, as a sentence; NULL: it does. */
const char *backhand_rules_exempt(const request_rec *r);

/** True when ProxyPass, or a RewriteRule with [P], has already chosen a target, without BackhandProxyPass On. */
int backhand_rules_left_alone(const request_rec *r);

/** Sets the rules except `coded` and `max_wait`. There is a table, and backhand_dispatch_post_config() has run. */
void backhand_rules_fill(backhand_walk_rules *out, request_rec *r, const backhand_config *conf);

/** Sets `max_wait`. After the chain, because the chain finds the session. */
void backhand_rules_limit_wait(backhand_walk_rules *rules, const request_rec *r, const backhand_config *conf,
                               const backhand_candidates *candidates);

#endif
