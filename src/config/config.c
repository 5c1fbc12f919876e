/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "config/config.h"
#include "config/directive.h"

#include <apr_strings.h>
#include <http_core.h>
#include <http_main.h>

#include <string.h>

/* --- records --------------------------------------------------------------------------------------------------- */

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
    backhand_directives_default(conf, BACKHAND_WHOLE_SERVER, p);
    return conf;
}

void *backhand_config_merge(apr_pool_t *p, void *base, void *add)
{
    (void)p;
    (void)add;
    return base;
}

backhand_config *backhand_config_get(const server_rec *s)
{
    return ap_get_module_config(s->module_config, &backhand_module);
}

int backhand_config_is_rehearsal(void)
{
    return ap_state_query(AP_SQ_RUN_MODE) == AP_SQ_RM_NORMAL &&
           ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG;
}

int backhand_config_contact(const backhand_config *conf, char contact[BACKHAND_CONTACT_SIZE])
{
    contact[0] = '\0';
    if (conf->contact_set) {
        backhand_contact_format(contact, &conf->contact);
        return 1;
    }
    return backhand_identity_get(0, NULL, contact);
}

/* --- server-wide directives ------------------------------------------------------------------------------------ */

const char *backhand_config_too_late(const cmd_parms *cmd)
{
    if (ap_state_query(AP_SQ_MAIN_STATE) != AP_SQ_MS_RUN_MPM) {
        return NULL;
    }
    return apr_pstrcat(cmd->pool, cmd->cmd->name,
                       ": belongs to the server's configuration; a .htaccess file or a request cannot set it", NULL);
}

const char *backhand_config_server_wide(cmd_parms *cmd, backhand_config **conf)
{
    const char *error = backhand_config_too_late(cmd);
    if (error) {
        return error;
    }
    *conf = backhand_config_get(ap_server_conf);
    (*conf)->used = 1;
    if (!ap_check_cmd_context(cmd, GLOBAL_ONLY)) {
        return NULL;
    }
    return apr_pstrcat(cmd->pool, cmd->cmd->name, ": belongs to the whole server: put it outside of ",
                       cmd->directive->parent ? cmd->directive->parent->directive : "<VirtualHost", ">", NULL);
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
