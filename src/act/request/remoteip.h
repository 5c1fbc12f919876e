/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file remoteip.h
 * @brief The headers of a request that mod_remoteip takes up.
 */
#ifndef BACKHAND_REMOTEIP_H
#define BACKHAND_REMOTEIP_H

#include <apr_tables.h>

/** Hook post_config: finds the names of the headers that mod_remoteip takes up. */
void backhand_remoteip_find(apr_pool_t *p);

/** Sets in `kept`, the headers as they came, those that mod_remoteip has taken up to what is left of them in `now`. */
void backhand_remoteip_follow(apr_table_t *kept, const apr_table_t *now);

#endif
