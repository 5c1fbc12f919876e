/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file restore.h
 * @brief Gives a request that another server handed over the client, scheme, port, request line, Connection header and
 * virtual host that it came with.
 *
 * The connection is the other server's, and its next request may be another client's. So what modules find there is
 * changed anew with every request, and put back after its log line: `client_addr` and `client_ip` are the client's,
 * from which CGI's REMOTE_PORT is taken and by which modules such as mod_evasive count clients. The local port is
 * SERVER_PORT with UseCanonicalPhysicalPort.
 */
#ifndef BACKHAND_RESTORE_H
#define BACKHAND_RESTORE_H

#include "act/received/record.h"

/**
 * Restores all of it; hook post_read_request, before other modules look at the request. `origin` lives as long as the
 * request. Picks the virtual host that answers for the request's host on `origin->port` of this server.
 */
void backhand_restore(request_rec *r, backhand_origin *origin);

/** Whether the client of a restored request uses https, 1 or 0; -1: the request came from its client. */
int backhand_restored_https(const request_rec *r);

/** The port of this machine that the connection came to, whatever port the client of its request asked. */
apr_port_t backhand_restored_local_port(const conn_rec *c);

/** Hooks http_scheme, default_port and ssl_conn_is_ssl: what restored requests say of themselves. Hooks
 * pre_read_request and log_transaction: each request finds its own client on the connection, and its log line, too.
 * Before httpd looks at the Connection header for its own connection, it gets that of the connection to the other
 * server. */
void backhand_restore_register(void);

#endif
