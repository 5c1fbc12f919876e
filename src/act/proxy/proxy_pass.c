/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "act/proxy/proxy_pass.h"

#include <apr_fnmatch.h>
#include <apr_strings.h>
#include <apr_uri.h>
#include <http_core.h>
#include <http_log.h>
#include <mod_proxy.h>

APLOG_USE_MODULE(backhand);

/* Most lines that are logged. */
#define LINES_MAX 20

/* One host's configuration. */
typedef struct view {
    apr_pool_t *p;
    const backhand_config *conf;
    server_rec *host;
    const module *mod_proxy;
    const apr_array_header_t *aliases;   /* of proxy_alias: ProxyPass outside of containers */
    const apr_array_header_t *locations; /* of ap_conf_vector_t * */
    apr_array_header_t *told;            /* of proxy_alias *: those that have been logged */
} view;

/* The settings of a path. */
typedef struct place {
    const char *path;
    backhand_dir_config *dir;        /* NULL: no directive of this module */
    const struct proxy_alias *alias; /* NULL: no ProxyPass covers it */
} place;

static int is_off(const struct proxy_alias *alias)
{
    return strcmp(alias->real, "!") == 0;
}

/* Matches as ProxyPass and <Location> do: the path itself and all paths below it. */
static int is_below(const char *path, const char *prefix)
{
    apr_size_t length = strlen(prefix);

    while (length && prefix[length - 1] == '/') {
        length--;
    }
    return strncmp(path, prefix, length) == 0 && (path[length] == '\0' || path[length] == '/');
}

static int matches(const core_dir_config *section, const char *path)
{
    if (section->r) {
        return ap_regexec(section->r, path, 0, NULL, 0) == 0;
    }
    if (section->d_is_fnmatch) {
        return apr_fnmatch(section->d, path, APR_FNM_PATHNAME) == APR_SUCCESS;
    }
    return section->d && is_below(path, section->d);
}

/* The first ProxyPass outside of containers that covers the path. One with `!` ends the search. */
static const struct proxy_alias *alias_of(const view *v, const char *path)
{
    for (int i = 0; i < v->aliases->nelts; i++) {
        const struct proxy_alias *alias = &APR_ARRAY_IDX(v->aliases, i, struct proxy_alias);
        if (alias->regex ? ap_regexec(alias->regex, path, 0, NULL, 0) == 0 : is_below(path, alias->fake)) {
            return alias;
        }
    }
    return NULL;
}

/* Adds the settings of a section, which has a record only for modules with a directive in it. */
static void add_section(const view *v, place *at, ap_conf_vector_t *section)
{
    backhand_dir_config *dir = ap_get_module_config(section, &backhand_module);
    const proxy_dir_conf *proxied = ap_get_module_config(section, v->mod_proxy);

    if (dir) {
        at->dir = at->dir ? backhand_dir_config_merge(v->p, at->dir, dir) : dir;
    }
    if (proxied && proxied->alias_set) {
        at->alias = proxied->alias;
    }
}

static place look(const view *v, const char *path)
{
    place at = {.path = path};

    add_section(v, &at, v->host->lookup_defaults);
    for (int i = 0; i < v->locations->nelts; i++) {
        ap_conf_vector_t *section = APR_ARRAY_IDX(v->locations, i, ap_conf_vector_t *);
        if (matches(ap_get_core_module_config(section), path)) {
            add_section(v, &at, section);
        }
    }
    at.alias = at.alias ? at.alias : alias_of(v, path);
    at.alias = at.alias && !is_off(at.alias) ? at.alias : NULL;
    return at;
}

/* --- servers of the farm ----------------------------------------------------------------------------------- */

/* True for the port of this server's contact, at the contact's address, this server's name or an address that
 * AcceptStats covers. */
static int is_of_farm(const view *v, const char *host, int port)
{
    const backhand_config *conf = v->conf;

    if (!host || port != conf->contact.port) {
        return 0;
    }
    return (conf->contact_set && strcmp(host, conf->contact.address) == 0) || strcasecmp(host, conf->hostname) == 0 ||
           backhand_accept_covers_text(conf->accept, host);
}

/* @return the target, or the first member of the balancer, that is a server of this farm; NULL: none */
static const char *member_of_farm(const view *v, const struct proxy_alias *alias)
{
    const proxy_balancer *balancer = alias->balancer;
    apr_uri_t to;

    for (int i = 0; balancer && i < balancer->workers->nelts; i++) {
        const proxy_worker_shared *worker = APR_ARRAY_IDX(balancer->workers, i, proxy_worker *)->s;
        if (is_of_farm(v, worker->hostname_ex, worker->port)) {
            return apr_psprintf(v->p, "http://%s:%d", worker->hostname_ex, (int)worker->port);
        }
    }
    if (apr_uri_parse(v->p, alias->real, &to) == APR_SUCCESS && to.scheme &&
        is_of_farm(v, to.hostname, to.port_str ? to.port : apr_uri_port_of_scheme(to.scheme))) {
        return alias->real;
    }
    return NULL;
}

/* --- the log ----------------------------------------------------------------------------------------------- */

static int is_told(const view *v, const struct proxy_alias *alias)
{
    for (int i = 0; i < v->told->nelts; i++) {
        if (APR_ARRAY_IDX(v->told, i, const struct proxy_alias *) == alias) {
            return 1;
        }
    }
    return v->told->nelts >= LINES_MAX;
}

static void check(const view *v, const char *path)
{
    place at = look(v, path);
    const char *member;

    if (!at.alias || !at.dir || !backhand_chain_has_functions(&at.dir->chain) || is_told(v, at.alias)) {
        return;
    }
    member = at.dir->proxy_pass ? member_of_farm(v, at.alias) : NULL;
    if (at.dir->proxy_pass && !member) {
        return;
    }
    APR_ARRAY_PUSH(v->told, const struct proxy_alias *) = at.alias;
    if (member) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, v->host,
                     "backhand: ProxyPass of %s leads to %s, which seems to be a server of this farm: that server "
                     "balances the requests once more, and takes this one for their client; let ProxyPass lead to the "
                     "application itself",
                     path, member);
        return;
    }
    ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, v->host,
                 "backhand: ProxyPass has the requests for %s, so the chain balances none of them; add "
                 "\"BackhandProxyPass On\" there to balance them, or \"Backhand off\" to say that they stay",
                 path);
}

static void check_host(const view *v)
{
    for (int i = 0; i < v->aliases->nelts; i++) {
        const struct proxy_alias *alias = &APR_ARRAY_IDX(v->aliases, i, struct proxy_alias);
        if (!alias->regex) {
            check(v, alias->fake);
        }
    }
    for (int i = 0; i < v->locations->nelts; i++) {
        const core_dir_config *section = ap_get_core_module_config(APR_ARRAY_IDX(v->locations, i, ap_conf_vector_t *));
        if (section->d && !section->r && !section->d_is_fnmatch) {
            check(v, section->d);
        }
    }
}

void backhand_proxy_pass_check(apr_pool_t *ptemp, server_rec *s)
{
    view v = {.p = ptemp, .conf = backhand_config_get(s), .mod_proxy = ap_find_linked_module("mod_proxy.c")};

    v.told = apr_array_make(ptemp, 4, sizeof(const struct proxy_alias *));
    for (v.host = s; v.mod_proxy && v.host; v.host = v.host->next) {
        const core_server_config *core = ap_get_core_module_config(v.host->module_config);
        const proxy_server_conf *proxy = ap_get_module_config(v.host->module_config, v.mod_proxy);
        v.aliases = proxy->aliases;
        v.locations = core->sec_url;
        check_host(&v);
    }
}
