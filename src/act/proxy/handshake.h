/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file handshake.h
 * @brief Makes the TLS handshake of a new connection to another server before any part of a request is sent over it.
 *
 * So a failed handshake costs the request nothing: it counts as a refused connection. mod_ssl performs and checks the
 * handshake; this file follows it, to log what is wrong and which directive helps.
 */
#ifndef BACKHAND_HANDSHAKE_H
#define BACKHAND_HANDSHAKE_H

#include <apr_network_io.h>
#include <apr_time.h>
#include <openssl/ssl.h>
#include <util_filter.h>

/** One handshake. The caller sets the first three fields. */
typedef struct backhand_handshake {
    int wanted;                /**< the server is asked over TLS */
    const char *name;          /**< name that is sent as SNI and must be in the certificate */
    apr_interval_time_t limit; /**< longest wait for each of the server's answers */
    int failed;
    int late;           /**< it failed by a time-out */
    int asked;          /**< the server asked for our certificate */
    int tls13;          /**< TLS 1.3: the server's verdict on it comes after the handshake */
    int alert_received; /**< number of the fatal alert that came; 0: none */
    int alert_sent;
    long verified; /**< OpenSSL's verdict on the server's certificate: X509_V_OK or X509_V_ERR_... */
    int expired;   /**< its certificate has expired, or is not yet valid */
    int misnamed;  /**< its certificate is for another name */
} backhand_handshake;

/** Follows the handshake of a connection to another server from now on. Called before the handshake. */
void backhand_handshake_watch(SSL *ssl);

/**
 * Makes the handshake of a connection. If the server asks for our certificate, also waits a short time for its verdict.
 * @param f  a filter above mod_ssl's on the connection
 * @return APR_SUCCESS; else the error: then nothing but the handshake has been sent
 */
apr_status_t backhand_handshake_make(ap_filter_t *f, apr_socket_t *socket, backhand_handshake *h);

/** The server's error and what to do, as text to follow its name in the log; NULL: the handshake did not fail. */
const char *backhand_handshake_trouble(const backhand_handshake *h, apr_pool_t *p);

#endif
