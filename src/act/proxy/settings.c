/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "act/proxy/settings.h"
#include "act/proxy/tls.h"

#include <apr_dso.h>
#include <apr_strings.h>
#include <http_core.h>
#include <http_log.h>

APLOG_USE_MODULE(backhand);

/* httpd's value for a module whose log level is not set; its own name for it is not public. */
#define LEVEL_UNSET (APLOG_NO_MODULE - 1)

static int bind_function(const module *m, const char *name, void *function, server_rec *s)
{
    apr_dso_handle_sym_t symbol = NULL;
    if (apr_dso_sym(&symbol, m->dynamic_load_handle, name) != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_CRIT, 0, s, "backhand: mod_proxy has no function %s; it must be of httpd 2.4",
                     name);
        return 0;
    }
    memcpy(function, &symbol, sizeof(symbol));
    return 1;
}

static int count_modules(void)
{
    int n = 0;
    for (const module *m = ap_top_module; m; m = m->next) {
        n = m->module_index >= n ? m->module_index + 1 : n;
    }
    return n;
}

static ap_conf_vector_t *copy_vector(apr_pool_t *p, const ap_conf_vector_t *vector, int modules)
{
    return apr_pmemdup(p, vector, (apr_size_t)modules * sizeof(void *));
}

/* The address as a source address for connections; NULL: it is not an address of this machine, but for example of a
 * device in front of it. */
static apr_sockaddr_t *own_address(const char *text, apr_pool_t *p, apr_pool_t *ptemp)
{
    apr_sockaddr_t *address;
    apr_socket_t *probe;

    if (apr_sockaddr_info_get(&address, text, APR_UNSPEC, 0, 0, p) ||
        apr_socket_create(&probe, address->family, SOCK_STREAM, APR_PROTO_TCP, ptemp)) {
        return NULL;
    }
    apr_status_t rv = apr_socket_bind(probe, address);
    apr_socket_close(probe);
    return rv == APR_SUCCESS ? address : NULL;
}

/* True for an address of the wanted family that is not limited to one link. */
static int suits(const char *text, int ipv6)
{
    return text && (strchr(text, ':') != NULL) == ipv6 && !strchr(text, '%');
}

/* The source address of hand-offs to IPv4 or IPv6 servers: our contact, else the source address of announcements,
 * because the others' AcceptStats covers it. NULL: the kernel chooses. */
static apr_sockaddr_t *find_source(const backhand_config *conf, int ipv6, apr_pool_t *p, apr_pool_t *ptemp)
{
    if (conf->contact_set && suits(conf->contact.address, ipv6)) {
        return own_address(conf->contact.address, p, ptemp);
    }
    for (int i = 0; i < conf->destinations->nelts; i++) {
        const char *from = APR_ARRAY_IDX(conf->destinations, i, backhand_destination).from;
        if (suits(from, ipv6)) {
            return own_address(from, p, ptemp);
        }
    }
    return NULL;
}

/* Mutes the log of mod_proxy and mod_ssl, which log several error lines for each failed attempt. A failed attempt is no
 * error here, and this module logs it once for the server. An administrator who raised their LogLevel still sees these
 * lines. */
static void mute_proxy(struct ap_logconf *log, int modules, apr_pool_t *p)
{
    static const struct {
        const char *name;
        int up; /* a module at this level or above is not muted */
    } muted[] = {{"mod_proxy.c", APLOG_DEBUG}, {"mod_proxy_http.c", APLOG_DEBUG}, {"mod_ssl.c", APLOG_INFO}};
    signed char *levels = apr_palloc(p, (apr_size_t)modules);

    if (log->module_levels) {
        memcpy(levels, log->module_levels, (apr_size_t)modules);
    }
    else {
        memset(levels, LEVEL_UNSET, (apr_size_t)modules);
    }
    for (size_t i = 0; i < sizeof(muted) / sizeof(muted[0]); i++) {
        const module *m = ap_find_linked_module(muted[i].name);
        if (m) {
            int level = levels[m->module_index] == LEVEL_UNSET ? log->level : levels[m->module_index];
            levels[m->module_index] = (signed char)(level < muted[i].up ? APLOG_EMERG : level);
        }
    }
    log->module_levels = levels;
}

static void make_settings(backhand_settings *settings, const backhand_proxy *proxy, server_rec *s,
                          apr_sockaddr_t *source, apr_pool_t *p)
{
    const module *mod_proxy = proxy->mod_proxy.module;
    proxy_server_conf *conf = apr_pmemdup(p, ap_get_module_config(s->module_config, mod_proxy), sizeof(*conf));

    conf->viaopt = via_off;
    conf->proxies = apr_array_make(p, 1, sizeof(struct proxy_remote));
    conf->noproxies = apr_array_make(p, 1, sizeof(struct noproxy_entry));
    conf->aliases = apr_array_make(p, 1, sizeof(struct proxy_alias));
    conf->domain = NULL;
    conf->source_address = source;
    conf->source_address_set = source != NULL;

    settings->proxy = conf;
    settings->server = apr_pmemdup(p, s, sizeof(*s));
    settings->server->module_config = copy_vector(p, s->module_config, proxy->modules);
    ap_set_module_config(settings->server->module_config, mod_proxy, conf);
    mute_proxy(&settings->server->log, proxy->modules, p);
}

int backhand_settings_post_config(apr_pool_t *p, apr_pool_t *ptemp, server_rec *s)
{
    backhand_config *conf = backhand_config_get(s);
    backhand_proxy *proxy = apr_pcalloc(p, sizeof(*proxy));
    apr_sockaddr_t *source[2];
    apr_array_header_t *groups = apr_array_make(ptemp, 1, sizeof(const void *));

    proxy->conf = conf;
    proxy->server = s;
    conf->proxy = proxy;
    proxy->mod_proxy.module = ap_find_linked_module("mod_proxy.c");
    if (!proxy->mod_proxy.module) {
        /* Not an error: without a policy nothing is handed off, and check_config has refused the other cases. */
        return OK;
    }
    if (!bind_function(proxy->mod_proxy.module, "ap_proxy_define_worker", &proxy->mod_proxy.define_worker, s) ||
        !bind_function(proxy->mod_proxy.module, "ap_proxy_initialize_worker", &proxy->mod_proxy.initialize_worker, s) ||
        !bind_function(proxy->mod_proxy.module, "proxy_run_scheme_handler", &proxy->mod_proxy.run_scheme_handler, s)) {
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    proxy->modules = count_modules();
    proxy->ssl = ap_find_linked_module("mod_ssl.c");
    proxy->settings = apr_hash_make(p);
    source[0] = find_source(conf, 0, p, ptemp);
    source[1] = find_source(conf, 1, p, ptemp);
    for (server_rec *host = s; host; host = host->next) {
        backhand_settings *pair = apr_pcalloc(p, 2 * sizeof(*pair));
        server_rec **key = apr_pmemdup(p, &host, sizeof(server_rec *));
        make_settings(&pair[0], proxy, host, source[0], p);
        make_settings(&pair[1], proxy, host, source[1], p);
        pair[0].tls = pair[1].tls = backhand_tls_group(groups, host, ptemp);
        apr_hash_set(proxy->settings, key, sizeof(server_rec *), pair);
    }
    proxy->tls_groups = groups->nelts;
    return OK;
}

const backhand_settings *backhand_settings_get(const backhand_proxy *proxy, const request_rec *r, int ipv6)
{
    const backhand_settings *pair = apr_hash_get(proxy->settings, &r->server, sizeof(server_rec *));
    return pair ? &pair[ipv6] : NULL;
}

ap_conf_vector_t *backhand_settings_dir_config(backhand_proxy *proxy, request_rec *r)
{
    const module *mod_proxy = proxy->mod_proxy.module;
    ap_conf_vector_t *vector = copy_vector(r->pool, r->per_dir_config, proxy->modules);
    proxy_dir_conf *conf = apr_pmemdup(r->pool, ap_get_module_config(vector, mod_proxy), sizeof(*conf));
    core_dir_config *core = apr_pmemdup(r->pool, ap_get_core_module_config(vector), sizeof(*core));
    apr_array_header_t *none = apr_array_make(r->pool, 1, sizeof(struct proxy_alias));

    core->add_default_charset = ADD_DEFAULT_CHARSET_OFF;
    ap_set_core_module_config(vector, core);
    conf->preserve_host = 1;
    conf->add_forwarded_headers = 0;
    conf->forward_100_continue = 1;
    conf->error_override = 0;
    conf->interpolate_env = 0;
    conf->raliases = none;
    conf->cookie_paths = none;
    conf->cookie_domains = none;
    ap_set_module_config(vector, mod_proxy, conf);
    return vector;
}

int backhand_settings_tls(const backhand_proxy *proxy, const request_rec *r)
{
    const backhand_settings *settings = backhand_settings_get(proxy, r, 0);
    return settings && settings->tls != BACKHAND_TLS_NONE;
}
