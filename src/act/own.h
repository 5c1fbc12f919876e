/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file own.h
 * @brief Recognizes requests that only this server can answer, because another server would answer differently: status
 * pages and challenges of certificate authorities.
 */
#ifndef BACKHAND_OWN_H
#define BACKHAND_OWN_H

#include "config/config.h"

/** Hook post_config: finds the places of Apache2::Status in the configuration. */
void backhand_own_find(apr_pool_t *p);

/** True for a request that only this server can answer. Handler phase. */
int backhand_own_is(const request_rec *r);

#endif
