/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file settings.h
 * @brief Finds mod_proxy's functions, and makes the settings that replace a host's own during a hand-off.
 */
#ifndef BACKHAND_SETTINGS_H
#define BACKHAND_SETTINGS_H

#include "config/config.h"

#include <apr_hash.h>
#include <mod_proxy.h>

/** A host's settings while one of its requests is handed off. */
typedef struct backhand_settings {
    server_rec *server;       /**< a copy of the host's server_rec with the proxy settings below, and with mod_proxy's
                               * log muted */
    proxy_server_conf *proxy; /**< no Via, no other proxies, no blocked hosts, source address = own contact */
    int tls; /**< the host's group of tls.h; BACKHAND_TLS_NONE: it cannot ask servers whose contact is https */
} backhand_settings;

typedef struct backhand_proxy backhand_proxy;

struct backhand_keeper;

/** One for each process: made in post_config and inherited by the children, which add their own part. */
struct backhand_proxy {
    backhand_config *conf;
    server_rec *server; /**< the main server */
    /** mod_proxy may be loaded after this module, so its functions are looked up once all modules are loaded. */
    struct {
        module *module;
        char *(*define_worker)(apr_pool_t *p, proxy_worker **worker, proxy_balancer *balancer, proxy_server_conf *conf,
                               const char *url, int do_malloc);
        apr_status_t (*initialize_worker)(proxy_worker *worker, server_rec *s, apr_pool_t *p);
        int (*run_scheme_handler)(request_rec *r, proxy_worker *worker, proxy_server_conf *conf, char *url,
                                  const char *proxyhost, apr_port_t proxyport);
    } mod_proxy;
    int modules;          /**< length of a configuration vector */
    module *ssl;          /**< mod_ssl, or NULL */
    int tls_groups;       /**< number of groups of tls.h */
    apr_hash_t *settings; /**< server_rec * -> backhand_settings[2]: for IPv4 and for IPv6 servers */

    /* In a child process: */
    struct backhand_keeper *keeper;
};

/** Finds mod_proxy and prepares the settings for each host. Hook post_config. @return OK, or an error that is logged */
int backhand_settings_post_config(apr_pool_t *p, apr_pool_t *ptemp, server_rec *s);

/** The settings for a request to an IPv6 or IPv4 server. */
const backhand_settings *backhand_settings_get(const backhand_proxy *proxy, const request_rec *r, int ipv6);

/** True when the request's host can ask servers whose contact is https. */
int backhand_settings_tls(const backhand_proxy *proxy, const request_rec *r);

/** A copy of the request's directory configuration, from r->pool. With it mod_proxy adds and maps no headers, and
 * passes on the client's Expect: 100-continue. */
ap_conf_vector_t *backhand_settings_dir_config(backhand_proxy *proxy, request_rec *r);

#endif
