/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file restore.h
 * @brief Restores client, scheme, port, request line, Connection header and virtual host of a request that another
 * server handed here.
 *
 * The connection belongs to the other server, and its next request may be another client's. So the values that modules
 * find in the connection are set for each request, and reset after its log line. `client_addr` and `client_ip` are the
 * client's: CGI takes REMOTE_PORT from there, and modules such as mod_evasive count clients by them. The local port
 * becomes SERVER_PORT with UseCanonicalPhysicalPort.
 */
#ifndef BACKHAND_RESTORE_H
#define BACKHAND_RESTORE_H

#include "act/received/record.h"

/**
 * Restores all of these. Called in post_read_request, before other modules look at the request. `origin` lives as long
 * as the request. Picks the virtual host for the request's host on `origin->port` of this server.
 */
void backhand_restore(request_rec *r, backhand_origin *origin);

/** Whether the client of a restored request uses https, 1 or 0; -1: the request came from its client. */
int backhand_restored_https(const request_rec *r);

/** The real local port of the connection, whatever port the client asked. */
apr_port_t backhand_restored_local_port(const conn_rec *c);

/** Registers hooks http_scheme, default_port and ssl_conn_is_ssl, which answer for restored requests; and hooks
 * pre_read_request and log_transaction, by which each request and its log line find their own client on the connection.
 * When httpd looks at the Connection header for the connection itself, it gets the other server's header. */
void backhand_restore_register(void);

#endif
