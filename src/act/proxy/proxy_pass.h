/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file proxy_pass.h
 * @brief Places where a chain meets ProxyPass, as the configuration shows them at the start.
 *
 * Rewrite rules with [P], and <If>, <Files> and <Directory> sections, are not looked at: which of them apply to a
 * request is known only when it comes.
 */
#ifndef BACKHAND_PROXY_PASS_H
#define BACKHAND_PROXY_PASS_H

#include "config/config.h"

/**
 * Tells the log, once for each such place: that the chain balances nothing there, because `BackhandProxyPass On` is
 * missing; or, with it, that ProxyPass leads to a server of the farm. Hook post_config of the real start.
 */
void backhand_proxy_pass_check(apr_pool_t *ptemp, server_rec *s);

#endif
