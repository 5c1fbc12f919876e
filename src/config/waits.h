/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file waits.h
 * @brief How many requests of this server may wait for other servers at once, by the directives.
 */
#ifndef BACKHAND_CONFIG_WAITS_H
#define BACKHAND_CONFIG_WAITS_H

#include "config/config.h"

/**
 * The server's bound by BackhandMaxHandoffs or BackhandMaxTunnels, from 0. Any process.
 * @param owned  1: requests whose session another server owns, for which BackhandMaxSessionHandoffs counts if it is
 * more
 */
int64_t backhand_waits_bound(const backhand_config *conf, backhand_wait kind, int owned);

/** Workers that httpd may run: processes times threads. */
int64_t backhand_waits_workers(void);

#endif
