/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* The settings of the whole server. */

#include "config/config.h"
#include "config/directive.h"

#include <apr_strings.h>
#include <http_core.h>
#include <http_main.h>

#include <string.h>

void *backhand_config_create(apr_pool_t *p, server_rec *s)
{
    backhand_config *conf = apr_pcalloc(p, sizeof(*conf));
    if (s->is_virtual) {
        /* Nobody reads this record: backhand_config_merge() replaces it by the main server's. */
        return conf;
    }
    conf->destinations = apr_array_make(p, 2, sizeof(backhand_destination));
    conf->accept = apr_array_make(p, 4, sizeof(apr_ipsubnet_t *));
    conf->retry_status = apr_array_make(p, 4, sizeof(int));
    conf->functions = apr_array_make(p, 8, sizeof(backhand_function));
    conf->chain_lines = apr_array_make(p, 8, sizeof(backhand_chain_line));
    backhand_directives_default(conf, BACKHAND_WHOLE_SERVER, p);
    return conf;
}

void *backhand_config_merge(apr_pool_t *p, void *base, void *add)
{
    (void)p;
    (void)add;
    return base;
}

/* --- setters of their own -------------------------------------------------------------------------------------- */

const char *backhand_directive_destination(cmd_parms *cmd, void *unused, const char *first, const char *second)
{
    backhand_config *conf;
    backhand_destination destination;
    const char *error = backhand_config_server_wide(cmd, &conf);
    (void)unused;
    if (error) {
        return error;
    }
    memset(&destination, 0, sizeof(destination));
    error = backhand_destination_parse(&destination, first, second, cmd->pool);
    if (error) {
        return backhand_directive_wrong(cmd, second ? apr_pstrcat(cmd->temp_pool, first, " ", second, NULL) : first,
                                        error);
    }
    APR_ARRAY_PUSH(conf->destinations, backhand_destination) = destination;
    return NULL;
}

/* Its words were never documented. Each asks for more or for less in the log. */
const char *backhand_directive_log_level(cmd_parms *cmd, void *unused, const char *line)
{
    const char *error = backhand_config_too_late(cmd);
    backhand_config *conf = backhand_config_get(ap_server_conf);
    (void)unused;
    if (!error) {
        conf->used = 1;
        conf->log_words = apr_pstrdup(cmd->pool, line);
    }
    return error;
}
