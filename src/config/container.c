/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* The settings of containers, such as <Directory> and <Location>. */

#include "config/config.h"
#include "config/directive.h"

#include <apr_strings.h>
#include <http_core.h>
#include <http_main.h>

void *backhand_dir_config_create(apr_pool_t *p, char *dir)
{
    backhand_dir_config *conf = apr_pcalloc(p, sizeof(*conf));
    backhand_directives_default(conf, BACKHAND_CONTAINER, p);
    conf->place = dir ? apr_pstrdup(p, dir) : NULL;
    return conf;
}

static int says_nothing(const backhand_dir_config *conf)
{
    return backhand_chain_is_empty(&conf->chain) && !conf->set;
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
    backhand_directives_merge(merged, outer);
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
    const char *error = backhand_directive_read(cmd, dir, word);
    if (!error && ((backhand_dir_config *)dir)->self_redirect == BACKHAND_SELF_ONLY) {
        backhand_config_get(ap_server_conf)->self_only = 1;
    }
    return error;
}

const char *backhand_directive_trust_user(cmd_parms *cmd, void *dir, const char *word)
{
    const char *error = backhand_directive_read(cmd, dir, word);
    if (!error && ((backhand_dir_config *)dir)->trust_user) {
        backhand_config_get(ap_server_conf)->trust_user = 1;
    }
    return error;
}
