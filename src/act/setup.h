/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file setup.h
 * @brief Prepares hand-offs: filters, hooks, mod_proxy and the keeper of each child.
 */
#ifndef BACKHAND_SETUP_H
#define BACKHAND_SETUP_H

#include "config/config.h"

/** Registers the filters and connection hooks that a hand-off needs. Hook registration time. */
void backhand_dispatch_register(apr_pool_t *p);

/** Hook post_config: finds mod_proxy and prepares each host's hand-off settings. @return OK or an error, logged */
int backhand_dispatch_post_config(apr_pool_t *p, apr_pool_t *ptemp, server_rec *s);

/** Hook child_init: claims this process's row and prepares the proxy workers for the servers of the table. */
void backhand_dispatch_child_init(apr_pool_t *pchild, server_rec *s);

#endif
