/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* BackhandCheck. */

#include "config/config.h"

#include <apr_file_info.h>
#include <apr_strings.h>

/* The program may run as another user than the one that reads the configuration. */
static int is_program(const char *path, apr_pool_t *p)
{
    apr_finfo_t info;
    return apr_stat(&info, path, APR_FINFO_TYPE | APR_FINFO_PROT, p) == APR_SUCCESS && info.filetype == APR_REG &&
           info.protection & (APR_FPROT_UEXECUTE | APR_FPROT_GEXECUTE | APR_FPROT_WEXECUTE);
}

static const char *wrong_word(cmd_parms *cmd, const char *word, const char *is_right)
{
    return apr_pstrcat(cmd->pool, cmd->cmd->name, " ", *word ? word : "\"\"", ": ", is_right, NULL);
}

const char *backhand_directive_check(cmd_parms *cmd, void *unused, const char *line)
{
    backhand_config *conf;
    const char *words[BACKHAND_CHECK_WORDS], *wrong = "", *error = backhand_config_server_wide(cmd, &conf);
    backhand_check *check;
    int n = 0;

    (void)unused;
    if (error) {
        return error;
    }
    while (*line && n < BACKHAND_CHECK_WORDS) {
        words[n++] = ap_getword_conf(cmd->pool, &line);
    }
    if (n == 0 || *line) {
        return apr_pstrcat(cmd->pool, cmd->cmd->name,
                           ": takes a URL or exec:program, and then, if wanted, interval, fall, rise and timeout",
                           NULL);
    }
    check = apr_palloc(cmd->pool, sizeof(*check));
    error = backhand_check_parse(check, words, n, &wrong, cmd->pool);
    if (error) {
        return wrong_word(cmd, wrong, error);
    }
    if (check->argv && !is_program(check->argv[0], cmd->temp_pool)) {
        return wrong_word(cmd, check->text, apr_pstrcat(cmd->pool, check->argv[0], " is no program", NULL));
    }
    conf->check = check;
    return NULL;
}
