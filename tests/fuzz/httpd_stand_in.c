/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "httpd_stand_in.h"

#include "announce/net/nats.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <http_core.h>
#include <http_log.h>
#include <http_main.h>
#include <http_protocol.h>

#include <netdb.h>
#include <string.h>
#include <strings.h>

#define NOWHERE "/nonexistent/"

module AP_MODULE_DECLARE_DATA backhand_module = {STANDARD20_MODULE_STUFF, NULL, NULL, NULL, NULL, NULL, NULL, 0};
server_rec *ap_server_conf;

/* --- what httpd would say ---------------------------------------------------------------------------------- */

/* BackhandTransport only reads its words and files. */
int backhand_nats_available(void)
{
    return 1;
}

int ap_state_query(int query)
{
    return query == AP_SQ_MAIN_STATE ? AP_SQ_MS_CREATE_CONFIG : 0;
}

const char *ap_check_cmd_context(cmd_parms *cmd, unsigned forbidden)
{
    (void)cmd;
    (void)forbidden;
    return NULL;
}

char *ap_server_root_relative(apr_pool_t *p, const char *file)
{
    return strlen(file) < APR_PATH_MAX ? apr_pstrcat(p, NOWHERE, file, NULL) : NULL;
}

char *ap_runtime_dir_relative(apr_pool_t *p, const char *file)
{
    return ap_server_root_relative(p, file);
}

const char *ap_run_http_scheme(const request_rec *r)
{
    (void)r;
    return "http";
}

void ap_log_error_(const char *file, int line, int module_index, int level, apr_status_t status, const server_rec *s,
                   const char *format, ...)
{
    (void)file;
    (void)line;
    (void)module_index;
    (void)level;
    (void)status;
    (void)s;
    (void)format;
}

int __real_getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **found);
int __wrap_getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **found);

int __wrap_getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **found)
{
    struct addrinfo numeric = *hints;
    numeric.ai_flags |= AI_NUMERICHOST;
    return __real_getaddrinfo(node, service, &numeric, found);
}

/* Any expression is a right one. */
ap_expr_info_t *ap_expr_parse_cmd_mi(const cmd_parms *cmd, const char *text, unsigned flags, const char **error,
                                     ap_expr_lookup_fn_t *lookup, int module)
{
    static ap_expr_info_t any;
    (void)cmd;
    (void)text;
    (void)flags;
    (void)lookup;
    (void)module;
    *error = NULL;
    return &any;
}

/* --- arguments --------------------------------------------------------------------------------------------- */

static int is_end(const char *at, char quote)
{
    return !*at || (quote ? *at == quote : apr_isspace(*at));
}

/* Quotes hold a word together; a backslash takes a quotation mark or another backslash its meaning. */
char *ap_getword_conf(apr_pool_t *p, const char **line)
{
    const char *at = *line;
    char *word, *out;
    char quote = '\0';
    while (apr_isspace(*at)) {
        at++;
    }
    if (*at == '"' || *at == '\'') {
        quote = *at++;
    }
    word = out = apr_palloc(p, strlen(at) + 1);
    while (!is_end(at, quote)) {
        if (*at == '\\' && (at[1] == '\\' || (quote && at[1] == quote))) {
            at++;
        }
        *out++ = *at++;
    }
    *out = '\0';
    at += quote && *at == quote;
    while (apr_isspace(*at)) {
        at++;
    }
    *line = at;
    return word;
}

static const char *each_word(cmd_parms *cmd, void *dir, const char *args)
{
    const char *word = ap_getword_conf(cmd->pool, &args), *error = *word ? NULL : "requires at least one argument";
    while (!error && *word) {
        error = cmd->cmd->AP_TAKE1(cmd, dir, word);
        word = ap_getword_conf(cmd->pool, &args);
    }
    return error;
}

static const char *on_or_off(cmd_parms *cmd, void *dir, const char *args)
{
    const char *word = ap_getword_conf(cmd->pool, &args);
    int on = strcasecmp(word, "on") == 0;
    return on || strcasecmp(word, "off") == 0 ? cmd->cmd->AP_FLAG(cmd, dir, on) : "must be On or Off";
}

static const char *call(cmd_parms *cmd, void *dir, const char *args)
{
    const char *first, *second = "";
    switch (cmd->cmd->args_how) {
    case RAW_ARGS:
        return cmd->cmd->AP_RAW_ARGS(cmd, dir, args);
    case ITERATE:
        return each_word(cmd, dir, args);
    case FLAG:
        return on_or_off(cmd, dir, args);
    case TAKE1:
    case TAKE12:
        break;
    default:
        abort();
    }
    first = ap_getword_conf(cmd->pool, &args);
    if (cmd->cmd->args_how == TAKE12) {
        second = ap_getword_conf(cmd->pool, &args);
    }
    if (!*first || *args) {
        return "takes another number of arguments";
    }
    return cmd->cmd->args_how == TAKE1 ? cmd->cmd->AP_TAKE1(cmd, dir, first)
                                       : cmd->cmd->AP_TAKE2(cmd, dir, first, *second ? second : NULL);
}

/* --- configuration ----------------------------------------------------------------------------------------- */

server_rec *stand_in_server(apr_pool_t *p)
{
    void **configs = apr_pcalloc(p, sizeof(*configs));
    ap_server_conf = apr_pcalloc(p, sizeof(*ap_server_conf));
    backhand_module.module_index = 0;
    configs[0] = backhand_config_create(p, ap_server_conf);
    ap_server_conf->module_config = (struct ap_conf_vector_t *)configs;
    return ap_server_conf;
}

const char *stand_in_read(server_rec *s, backhand_dir_config *dir, const char *line, const command_rec **found,
                          apr_pool_t *p)
{
    ap_directive_t directive = {.filename = "httpd.conf", .line_num = 1};
    cmd_parms cmd = {.pool = p, .temp_pool = p, .server = s, .directive = &directive};
    const char *name = ap_getword_conf(p, &line);

    *found = NULL;
    for (const command_rec *command = backhand_commands; command->name; command++) {
        if (strcasecmp(command->name, name) == 0) {
            *found = command;
        }
    }
    if (!*found) {
        return NULL;
    }
    cmd.cmd = *found;
    cmd.info = (*found)->cmd_data;
    directive.directive = name;
    directive.args = line;
    return call(&cmd, dir, line);
}
