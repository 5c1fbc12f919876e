/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file proxy_pass.h
 * @brief Finds places where a chain meets ProxyPass, by the configuration at the start.
 *
 * Rewrite rules with [P], and sections <If>, <Files> and <Directory>, are not examined: only a request shows which of
 * them apply.
 */
#ifndef BACKHAND_PROXY_PASS_H
#define BACKHAND_PROXY_PASS_H

#include "config/config.h"

/**
 * Logs for each such place, once, that the chain balances nothing there because `BackhandProxyPass On` is missing; or,
 * with it, that ProxyPass leads to a server of the farm. Hook post_config of the real start.
 */
void backhand_proxy_pass_check(apr_pool_t *ptemp, server_rec *s);

#endif
