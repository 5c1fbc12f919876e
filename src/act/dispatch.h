/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file dispatch.h
 * @brief Act: serve here, hand off, or redirect, following the list that the chain left. Ranks nothing.
 */
#ifndef BACKHAND_DISPATCH_H
#define BACKHAND_DISPATCH_H

#include "config/config.h"

/** Hook handler, before all others: decides and, if another server is chosen, answers. @return DECLINED: served here */
int backhand_dispatch_handler(request_rec *r);

/** Hook child_init: claims this process's row and prepares the proxy workers for the servers of the table. */
void backhand_dispatch_child_init(apr_pool_t *pchild, server_rec *s);

/** Hook post_config: finds mod_proxy and prepares each host's hand-off settings. @return OK or an error, logged */
int backhand_dispatch_post_config(apr_pool_t *p, apr_pool_t *ptemp, server_rec *s);

/** Registers the filters and connection hooks that a hand-off needs. Hook registration time. */
void backhand_dispatch_register(apr_pool_t *p);

#endif
