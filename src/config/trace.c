/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* BackhandTrace. */

#include "config/config.h"
#include "config/directive.h"

#include <apr_strings.h>
#include <http_log.h>
#include <http_main.h>

#include <strings.h>

APLOG_USE_MODULE(backhand);

const char *backhand_directive_trace(cmd_parms *cmd, void *dir, const char *text)
{
    backhand_dir_config *conf = dir;
    const char *error = backhand_config_wrong_context(cmd);

    if (error) {
        return error;
    }
    conf->trace = NULL;
    if (strcasecmp(text, "off") != 0) {
        /* A trace must not add a Vary header to the response. */
        conf->trace = *text ? ap_expr_parse_cmd(cmd, text, AP_EXPR_FLAG_DONT_VARY, &error, NULL) : NULL;
        if (!conf->trace) {
            return backhand_directive_wrong(
                cmd, text,
                apr_pstrcat(cmd->pool, "takes an expression of httpd, as in \"-R '192.0.2.0/24'\"; or off",
                            error ? ": " : "", error, NULL));
        }
        backhand_config_get(ap_server_conf)->traced =
            apr_psprintf(cmd->pool, "%s:%d", cmd->directive->filename, cmd->directive->line_num);
    }
    backhand_directive_mark(cmd, conf);
    return NULL;
}

void backhand_config_note_trace(server_rec *s)
{
    const char *where = backhand_config_get(s)->traced;

    for (const server_rec *host = s; host; host = host->next) {
        if (ap_get_server_module_loglevel(host, backhand_module.module_index) >= APLOG_INFO) {
            return;
        }
    }
    if (where) {
        ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, s,
                     "backhand: %s: the lines of BackhandTrace are of the level info, which LogLevel keeps out of the "
                     "log of every server; write \"LogLevel backhand:info\"",
                     where);
    }
}
