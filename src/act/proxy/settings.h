/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file settings.h
 * @brief What stands behind workers.h: mod_proxy's functions, and the settings that replace a host's own.
 */
#ifndef BACKHAND_SETTINGS_H
#define BACKHAND_SETTINGS_H

#include "act/proxy/workers.h"

#include <apr_hash.h>

struct backhand_keeper;

/** One per process; made in post_config, inherited by the children, who add their own part. */
struct backhand_proxy {
    backhand_config *conf;
    server_rec *server; /**< the main one */
    /** mod_proxy may be loaded after this module: its functions are looked up once all modules are there. */
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
    int tls_groups;       /**< how many tls.h found */
    apr_hash_t *settings; /**< server_rec * -> backhand_settings[2]: for IPv4 and for IPv6 servers */

    /* In a child process: */
    struct backhand_keeper *keeper;
};

#endif
