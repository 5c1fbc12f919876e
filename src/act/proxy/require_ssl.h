/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file require_ssl.h
 * @brief Makes `Require ssl` test the client's TLS, also for requests that another server handed here. mod_ssl would
 * test the connection between the servers.
 */
#ifndef BACKHAND_REQUIRE_SSL_H
#define BACKHAND_REQUIRE_SSL_H

#include <apr_pools.h>

/** Replaces mod_ssl's provider, if mod_ssl is loaded. Hook pre_config: all modules are loaded, but no `Require` has
 * been read. */
void backhand_require_ssl_register(apr_pool_t *pconf);

#endif
