/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file remoteip.h
 * @brief The request headers that mod_remoteip consumes.
 */
#ifndef BACKHAND_REMOTEIP_H
#define BACKHAND_REMOTEIP_H

#include <apr_tables.h>

/** Hook post_config: finds the names of the headers that mod_remoteip consumes. */
void backhand_remoteip_find(apr_pool_t *p);

/** Repeats in `kept`, the headers as they came, the changes that mod_remoteip made to its headers in `now`. */
void backhand_remoteip_follow(apr_table_t *kept, const apr_table_t *now);

#endif
