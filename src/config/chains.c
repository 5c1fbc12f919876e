/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "config/chains.h"
#include "candidacy/builtins.h"
#include "candidacy/object.h"
#include "candidacy/session.h"

#include <apr_strings.h>
#include <http_core.h>
#include <http_main.h>

#include <string.h>
#include <strings.h>

/* Returns the remaining words, without quotes, joined by single blanks; NULL when there is none. */
static char *rest_of_line(apr_pool_t *p, const char *line)
{
    char *rest = NULL;
    while (*line) {
        const char *word = ap_getword_conf(p, &line);
        rest = rest ? apr_pstrcat(p, rest, " ", word, NULL) : apr_pstrdup(p, word);
    }
    return rest;
}

static const char *where_of(const cmd_parms *cmd)
{
    return apr_psprintf(cmd->pool, "%s:%d", cmd->directive->filename, cmd->directive->line_num);
}

/* True for sections that hold for requests; others, such as <IfModule>, hold for the configuration. */
static int is_container(const ap_directive_t *section)
{
    static const char *const kinds[] = {"<Directory", "<Location", "<Files", "<Else", "<Proxy"};

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strncasecmp(section->directive, kinds[i], strlen(kinds[i])) == 0) {
            return 1;
        }
    }
    return strcasecmp(section->directive, "<If") == 0;
}

static const ap_directive_t *innermost(const ap_directive_t *section)
{
    while (section && !is_container(section)) {
        section = section->parent;
    }
    return section;
}

static const char *container_of(const ap_directive_t *section, apr_pool_t *p)
{
    const char *text = NULL;

    for (; section; section = section->parent) {
        if (is_container(section)) {
            text = apr_pstrcat(p, section->directive, section->args && section->args[0] != '>' ? " " : "",
                               section->args ? section->args : "", text ? " " : NULL, text, NULL);
        }
    }
    return text;
}

static void note_line(cmd_parms *cmd, const backhand_dir_config *dir, const char *function, const char *arg)
{
    APR_ARRAY_PUSH(backhand_config_get(ap_server_conf)->chain_lines, backhand_chain_line) =
        (backhand_chain_line){.host = cmd->server,
                              .section = innermost(cmd->directive->parent),
                              .container = container_of(cmd->directive->parent, cmd->pool),
                              .place = dir->place,
                              .function = function,
                              .arg = arg,
                              .where = where_of(cmd)};
}

/* Appends to the container's chain and to the list of all functions configured. */
static void append(cmd_parms *cmd, backhand_dir_config *dir, backhand_function function)
{
    function.where = where_of(cmd);
    note_line(cmd, dir, function.name, function.arg);
    function.warned = apr_pcalloc(cmd->pool, sizeof(*function.warned));
    backhand_chain_append(&dir->chain, &function, cmd->pool);
    APR_ARRAY_PUSH(backhand_config_get(ap_server_conf)->functions, backhand_function) = function;
}

/* --- Backhand ---------------------------------------------------------------------------------------------- */

static const char *unknown(cmd_parms *cmd, const char *name)
{
    const char *known = "on, off";
    if (!strcasecmp(name, "byPerl")) {
        return apr_pstrcat(cmd->pool, "Backhand ", name, ": comes with a shared object: ",
                           "BackhandFromSO modules/byPerl.so byPerl Package::function", NULL);
    }
    if (!strcasecmp(name, "byHostname")) {
        return apr_pstrcat(cmd->pool, "Backhand ", name,
                           ": comes with a shared object: ", "BackhandFromSO modules/byHostname.so byHostname regex",
                           NULL);
    }
    for (const backhand_builtin *builtin = backhand_builtins(); builtin->name; builtin++) {
        known = apr_pstrcat(cmd->temp_pool, known, ", ", builtin->name, NULL);
    }
    for (const backhand_builtin *builtin = backhand_request_builtins(); builtin->name; builtin++) {
        known = apr_pstrcat(cmd->temp_pool, known, ", ", builtin->name, NULL);
    }
    return apr_pstrcat(cmd->pool, "Backhand ", *name ? name : "\"\"", ": there is no such function; there are ", known,
                       "; for one from a shared object write BackhandFromSO file.so function", NULL);
}

static const backhand_builtin *find_builtin(const char *name)
{
    for (const backhand_builtin *builtin = backhand_request_builtins(); builtin->name; builtin++) {
        if (!strcasecmp(builtin->name, name)) {
            return builtin;
        }
    }
    return backhand_builtin_find(name);
}

static int is_off(const char *name)
{
    return !strcasecmp(name, "off") || !strcasecmp(name, "backhand_off");
}

const char *backhand_directive_builtin(cmd_parms *cmd, void *dir, const char *line)
{
    const char *name = ap_getword_conf(cmd->pool, &line);
    char *arg = rest_of_line(cmd->pool, line);
    backhand_function function = {.name = name, .arg = arg};
    const backhand_builtin *builtin;
    const char *error = backhand_config_wrong_context(cmd);

    if (error) {
        return error;
    }
    if (is_off(name)) {
        if (arg) {
            return apr_pstrcat(cmd->pool, "Backhand ", name, " ", arg, ": takes no argument", NULL);
        }
        backhand_chain_forget(&((backhand_dir_config *)dir)->chain);
        note_line(cmd, dir, NULL, NULL);
        return NULL;
    }
    builtin = find_builtin(!strcasecmp(name, "on") ? BACKHAND_RECOMMENDED : name);
    if (!builtin) {
        return unknown(cmd, name);
    }
    error = builtin->check_arg(arg);
    if (error) {
        return apr_pstrcat(cmd->pool, "Backhand ", name, arg ? " " : "", arg ? arg : "", ": ", error, NULL);
    }
    function.name = builtin->name;
    function.call = builtin->call;
    function.finds_owners = builtin->finds_owners;
    append(cmd, dir, function);
    return NULL;
}

/* --- BackhandFromSO ---------------------------------------------------------------------------------------- */

const char *backhand_directive_from_so(cmd_parms *cmd, void *dir, const char *line)
{
    const char *file = ap_getword_conf(cmd->pool, &line);
    const char *name = ap_getword_conf(cmd->pool, &line);
    backhand_function function = {.name = name, .arg = rest_of_line(cmd->pool, line), .foreign = 1};
    const char *path, *error = backhand_config_wrong_context(cmd);

    if (error) {
        return error;
    }
    if (!*file || !*name) {
        return apr_pstrcat(cmd->pool, "BackhandFromSO ", *file ? file : "\"\"",
                           ": takes a shared object, the name of a function in it, and its arguments if any, ",
                           "as in BackhandFromSO modules/byHostname.so byHostname ^www", NULL);
    }
    path = ap_server_root_relative(cmd->pool, file);
    path = path ? backhand_object_resolve(cmd->pool, path, name) : NULL;
    error = path ? backhand_object_load(&function, path, "ServerRoot", cmd->pool)
                 : "is no path that ServerRoot could complete";
    if (error) {
        return apr_pstrcat(cmd->pool, "BackhandFromSO ", file, " ", name, ": ", error, NULL);
    }
    append(cmd, dir, function);
    return NULL;
}

int64_t backhand_policy_timeout(void)
{
    return backhand_config_get(ap_server_conf)->policy_timeout;
}

int backhand_policy_interpreters(void)
{
    return backhand_config_get(ap_server_conf)->policy_interpreters;
}
