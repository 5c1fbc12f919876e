/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* What holds per directory. */

#include "config/config.h"
#include "candidacy/session_id.h"

#include <apr_strings.h>
#include <http_core.h>
#include <http_main.h>

#include <strings.h>

void *backhand_dir_config_create(apr_pool_t *p, char *dir)
{
    backhand_dir_config *conf = apr_pcalloc(p, sizeof(*conf));
    conf->self_redirect = -1;
    conf->place = dir ? apr_pstrdup(p, dir) : NULL;
    return conf;
}

static int says_nothing(const backhand_dir_config *conf)
{
    return backhand_chain_is_empty(&conf->chain) && conf->self_redirect < 0 && !conf->session_cookie;
}

void *backhand_dir_config_merge(apr_pool_t *p, void *base, void *add)
{
    const backhand_dir_config *outer = base, *inner = add;
    backhand_dir_config *merged;
    if (says_nothing(inner)) {
        return base;
    }
    if (says_nothing(outer)) {
        return add;
    }
    merged = apr_pmemdup(p, inner, sizeof(*merged));
    if (backhand_chain_is_empty(&inner->chain)) {
        merged->chain = outer->chain;
        merged->place = outer->place;
    }
    else if (!inner->chain.off && !backhand_chain_is_empty(&outer->chain)) {
        backhand_chain_merge(&merged->chain, &outer->chain, &inner->chain, p);
    }
    if (inner->self_redirect < 0) {
        merged->self_redirect = outer->self_redirect;
    }
    if (!inner->session_cookie) {
        merged->session_cookie = outer->session_cookie;
    }
    return merged;
}

const backhand_dir_config *backhand_config_dir(const request_rec *r)
{
    return ap_get_module_config(r->per_dir_config, &backhand_module);
}

const backhand_chain *backhand_config_chain(const request_rec *r)
{
    return &backhand_config_dir(r)->chain;
}

const char *backhand_config_wrong_context(cmd_parms *cmd)
{
    const char *error = backhand_config_too_late(cmd);
    if (error) {
        return error;
    }
    error = ap_check_cmd_context(cmd, NOT_IN_LIMIT | NOT_IN_PROXY);
    if (error) {
        return apr_pstrcat(cmd->pool, error,
                           "; it belongs to the server, <VirtualHost>, <Directory>, <Location>, <Files> or <If>", NULL);
    }
    backhand_config_get(ap_server_conf)->used = 1;
    return NULL;
}

const char *backhand_directive_self_redirect(cmd_parms *cmd, void *dir, const char *word)
{
    static const char *const words[] = {[0] = "off", [1] = "on", [BACKHAND_SELF_ONLY] = "only"};
    const char *error = backhand_config_wrong_context(cmd);

    if (error) {
        return error;
    }
    for (int i = 0; i <= BACKHAND_SELF_ONLY; i++) {
        if (!strcasecmp(word, words[i])) {
            ((backhand_dir_config *)dir)->self_redirect = i;
            backhand_config_get(ap_server_conf)->self_only |= i == BACKHAND_SELF_ONLY;
            return NULL;
        }
    }
    return apr_pstrcat(cmd->pool, cmd->cmd->name, " ", word, ": takes On, Off or Only (default Off)", NULL);
}

const char *backhand_directive_session_cookie(cmd_parms *cmd, void *dir, const char *word)
{
    const char *error = backhand_config_wrong_context(cmd);
    if (error) {
        return error;
    }
    if (!strcasecmp(word, "off")) {
        word = "";
    }
    else {
        error = backhand_session_check_name(word);
    }
    if (error) {
        return apr_pstrcat(cmd->pool, cmd->cmd->name, " ", *word ? word : "\"\"", ": ", error, "; or off (default off)",
                           NULL);
    }
    ((backhand_dir_config *)dir)->session_cookie = word;
    return NULL;
}
