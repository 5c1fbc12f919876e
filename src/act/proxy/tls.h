/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file tls.h
 * @brief Finds out which hosts can ask servers whose contact is https. mod_ssl provides the TLS, as a host's SSLProxy
 * directives say.
 *
 * mod_ssl may be loaded before this module, after it, or not at all.
 */
#ifndef BACKHAND_TLS_H
#define BACKHAND_TLS_H

#include "config/config.h"

/** backhand_tls_group()'s result for a host without `SSLProxyEngine On`. */
#define BACKHAND_TLS_NONE (-1)

/**
 * Finds a host's group. Hosts of one group share one record of SSLProxy settings of mod_ssl. Only their requests may
 * share a connection, because a host must not rely on a certificate that another host has verified. Hook post_config,
 * after mod_ssl's own.
 * @param groups  array of const void *, one for each group; grows
 * @return the host's group, from 0, or BACKHAND_TLS_NONE
 */
int backhand_tls_group(apr_array_header_t *groups, server_rec *host, apr_pool_t *ptemp);

/** Logs, once in 10 minutes, that a server was not asked because the request's host has no TLS for it, and what to
 * do. */
void backhand_tls_log_unable(backhand_table *table, const request_rec *r, const char *contact);

#endif
