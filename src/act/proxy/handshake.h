/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file handshake.h
 * @brief The TLS handshake of a new connection to another server, made before anything of a request is sent over it.
 *
 * So a handshake that fails costs the request nothing: it is as if the server had refused the connection. mod_ssl makes
 * and checks it; this file listens in, to say what is wrong and which directive helps.
 */
#ifndef BACKHAND_HANDSHAKE_H
#define BACKHAND_HANDSHAKE_H

#include <apr_network_io.h>
#include <apr_time.h>
#include <openssl/ssl.h>
#include <util_filter.h>

/** One handshake. The caller sets the first three. */
typedef struct backhand_handshake {
    int wanted;                /**< the server is asked by TLS */
    const char *name;          /**< that the certificate must have and that is sent as SNI */
    apr_interval_time_t limit; /**< for each step of it: no answer for so long is a failure */
    int failed;
    int late;           /**< it failed because an answer did not come in time */
    int asked;          /**< the server wants a certificate of ours */
    int tls13;          /**< what it says to that comes after the handshake */
    int alert_received; /**< number of a fatal alert; 0: none */
    int alert_sent;
    long verified; /**< what OpenSSL says of the server's certificate: X509_V_OK or X509_V_ERR_... */
    int expired;   /**< its certificate is past its time, or before it */
    int misnamed;  /**< its certificate has another name */
} backhand_handshake;

/** Before the handshake of a connection to another server: from here on its course is noted. */
void backhand_handshake_watch(SSL *ssl);

/**
 * Makes the handshake of a connection. When the server wants a certificate of ours it also waits, for a moment, for
 * what it says to that one.
 * @param f  a filter above mod_ssl's on the connection
 * @return APR_SUCCESS, or why it failed: then nothing but the handshake has been sent
 */
apr_status_t backhand_handshake_make(ap_filter_t *f, apr_socket_t *socket, backhand_handshake *h);

/** What the server did wrong and what to do, to stand after its name in the log; NULL: the handshake did not fail. */
const char *backhand_handshake_trouble(const backhand_handshake *h, apr_pool_t *p);

#endif
