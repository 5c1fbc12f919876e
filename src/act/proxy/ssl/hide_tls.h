/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file hide_tls.h
 * @brief Hides the TLS between two servers from a request that one hands to the other.
 *
 * mod_ssl takes the connection's TLS for the client's. It would compare the host of the handshake with the host of the
 * request, set HTTPS and the SSL_ variables, and take the other server's certificate for the client's. So during such a
 * request mod_ssl's record is taken off the connection, except while mod_ssl encrypts and decrypts.
 */
#ifndef BACKHAND_HIDE_TLS_H
#define BACKHAND_HIDE_TLS_H

#include "config/config.h"

#include <http_connection.h>

/** Registers the filters, and the connection hook that inserts them for senders that AcceptStats covers. */
void backhand_hide_tls_register(void);

/** Hides the TLS of the connection, if it has any. Thread of the request. */
void backhand_hide_tls_hide(conn_rec *c);

/** Shows the TLS of the connection again, if it was hidden. */
void backhand_hide_tls_show(conn_rec *c);

#endif
