/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file tls.h
 * @brief Which hosts can ask servers whose contact is https. The TLS is mod_ssl's: a host's SSLProxy directives say
 * how.
 *
 * Nothing here needs mod_ssl to be loaded, before or after this module.
 */
#ifndef BACKHAND_TLS_H
#define BACKHAND_TLS_H

#include "config/config.h"

/** What backhand_tls_group() says of a host without `SSLProxyEngine On`. */
#define BACKHAND_TLS_NONE (-1)

/**
 * Hook post_config, after mod_ssl's own. Hosts of one group have the same SSLProxy settings: mod_ssl gave them the same
 * ones. Only their requests may share a connection, because what one host verified another one may not trust.
 * @param groups  array of const void *, one a group; grows
 * @return the host's group, from 0, or BACKHAND_TLS_NONE
 */
int backhand_tls_group(apr_array_header_t *groups, server_rec *host, apr_pool_t *ptemp);

/** Tells the log, once in 10 minutes, that a server was not asked because the request's host cannot, and what to do. */
void backhand_tls_log_unable(backhand_table *table, const request_rec *r, const char *contact);

#endif
