/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file require_ssl.h
 * @brief `Require ssl` asks whether the client uses TLS, also for requests that another server handed here. mod_ssl
 * would look at the connection.
 */
#ifndef BACKHAND_REQUIRE_SSL_H
#define BACKHAND_REQUIRE_SSL_H

#include <apr_pools.h>

/** Puts a provider before mod_ssl's, if loaded. Hook pre_config: all modules are loaded, no `Require` is read yet. */
void backhand_require_ssl_register(apr_pool_t *pconf);

#endif
