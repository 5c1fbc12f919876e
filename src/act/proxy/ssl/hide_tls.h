/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file hide_tls.h
 * @brief Hides the TLS between two servers from the request that the one hands the other.
 *
 * mod_ssl takes the connection's TLS for the client's: it would compare the host that the handshake was for with the
 * request's, set HTTPS and the SSL_ variables, and take the other server's certificate for one of the client. So while
 * such a request lasts, mod_ssl finds nothing of its own on the connection, but for the moments in which it encrypts
 * and decrypts.
 */
#ifndef BACKHAND_HIDE_TLS_H
#define BACKHAND_HIDE_TLS_H

#include "config/config.h"

#include <http_connection.h>

/** Registers the filters, and the connection hook that inserts them where the sender is in AcceptStats. */
void backhand_hide_tls_register(void);

/** Hides the TLS of the connection, if it has any. Thread of the request. */
void backhand_hide_tls_hide(conn_rec *c);

/** Lets it be seen again; nothing happens when it is. */
void backhand_hide_tls_show(conn_rec *c);

#endif
