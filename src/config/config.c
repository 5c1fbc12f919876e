/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "config/config.h"
#include "candidacy/builtins.h"

#include <apr_strings.h>
#include <http_core.h>
#include <http_main.h>

backhand_config *backhand_config_get(const server_rec *s)
{
    return ap_get_module_config(s->module_config, &backhand_module);
}

int backhand_config_is_rehearsal(void)
{
    return ap_state_query(AP_SQ_RUN_MODE) == AP_SQ_RM_NORMAL &&
           ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG;
}

const backhand_function *backhand_config_zone_function(const backhand_config *conf)
{
    for (int i = 0; i < conf->functions->nelts; i++) {
        const backhand_function *f = &APR_ARRAY_IDX(conf->functions, i, backhand_function);
        if (f->call == backhand_by_zone) {
            return f;
        }
    }
    return NULL;
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
