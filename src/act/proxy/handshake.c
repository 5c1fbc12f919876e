/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "act/proxy/handshake.h"
#include "table/clock.h"

#include <apr_poll.h>
#include <apr_strings.h>
#include <http_connection.h>
#include <util_filter.h>

#include <openssl/x509v3.h>

/* Shortest wait for the server's verdict on our certificate: a server near by may be busy, and a body that goes out
 * before its refusal is lost. Only a server that sends no session tickets keeps a new connection so long. */
#define VERDICT_MIN apr_time_from_msec(100)

/* The handshake of this thread: mod_ssl performs a handshake in the thread that writes first. */
static _Thread_local backhand_handshake *watched;

/* Notes errors of the certificate that mod_ssl checks after the handshake, and reports only in its log. */
static void look_at_certificate(backhand_handshake *h, const SSL *ssl)
{
    X509 *certificate = SSL_get0_peer_certificate(ssl);

    h->tls13 = SSL_version(ssl) >= TLS1_3_VERSION;
    if (certificate) {
        h->expired = X509_cmp_current_time(X509_get0_notBefore(certificate)) >= 0 ||
                     X509_cmp_current_time(X509_get0_notAfter(certificate)) <= 0;
        h->misnamed =
            h->name && X509_check_host(certificate, h->name, 0, X509_CHECK_FLAG_ALWAYS_CHECK_SUBJECT, NULL) != 1;
    }
}

static void listen_in(const SSL *ssl, int where, int value)
{
    backhand_handshake *h = watched;
    void (*of_mod_ssl)(const SSL *, int, int) = SSL_CTX_get_info_callback(SSL_get_SSL_CTX(ssl));

    if (of_mod_ssl) {
        of_mod_ssl(ssl, where, value);
    }
    if (!h) {
        return;
    }
    if ((where & SSL_CB_ALERT) && value >> 8 == SSL3_AL_FATAL) {
        if (where & SSL_CB_READ) {
            h->alert_received = value & 0xff;
        }
        else {
            h->alert_sent = value & 0xff;
            h->verified = SSL_get_verify_result(ssl);
        }
    }
    if ((where & SSL_CB_LOOP) && SSL_get_state(ssl) == TLS_ST_CR_CERT_REQ) {
        h->asked = 1;
    }
    if (where & SSL_CB_HANDSHAKE_DONE) {
        look_at_certificate(h, ssl);
    }
}

void backhand_handshake_watch(SSL *ssl)
{
    SSL_set_info_callback(ssl, listen_in);
}

/* Waits for the server's verdict on our certificate. With TLS 1.3 it comes after our side of the handshake is complete.
 * The first data is the verdict: an alert, or session tickets, which httpd sends unless its configuration forbids
 * them. */
static apr_status_t await_verdict(conn_rec *c, apr_socket_t *socket, apr_interval_time_t limit)
{
    apr_pollfd_t fd = {.p = c->pool, .desc_type = APR_POLL_SOCKET, .reqevents = APR_POLLIN, .desc.s = socket};
    apr_bucket_brigade *nothing;
    apr_int32_t n;
    apr_status_t rv;

    if (apr_poll(&fd, 1, &n, limit) != APR_SUCCESS) {
        return APR_SUCCESS;
    }
    nothing = apr_brigade_create(c->pool, c->bucket_alloc);
    rv = ap_get_brigade(c->input_filters, nothing, AP_MODE_SPECULATIVE, APR_NONBLOCK_READ, 1);
    apr_brigade_destroy(nothing);
    return APR_STATUS_IS_EAGAIN(rv) ? APR_SUCCESS : rv;
}

static apr_status_t shake_hands(ap_filter_t *f, apr_socket_t *socket, backhand_handshake *h)
{
    conn_rec *c = f->c;
    apr_bucket_brigade *flush = apr_brigade_create(c->pool, c->bucket_alloc);
    apr_time_t began = backhand_clock_now();
    apr_interval_time_t wait;
    const char *note;
    apr_status_t rv;

    APR_BRIGADE_INSERT_TAIL(flush, apr_bucket_flush_create(c->bucket_alloc));
    rv = ap_pass_brigade(f->next, flush);
    apr_brigade_destroy(flush);
    note = apr_table_get(c->notes, "SSL_connect_rv");
    if (rv == APR_SUCCESS && note && strcmp(note, "ok") != 0) {
        rv = APR_EGENERAL;
    }
    if (rv != APR_SUCCESS || !h->asked || !h->tls13) {
        return rv;
    }
    wait = 4 * (backhand_clock_now() - began);
    wait = wait < VERDICT_MIN ? VERDICT_MIN : wait;
    return await_verdict(c, socket, wait < h->limit ? wait : h->limit);
}

apr_status_t backhand_handshake_make(ap_filter_t *f, apr_socket_t *socket, backhand_handshake *h)
{
    apr_time_t began = backhand_clock_now();
    apr_interval_time_t timeout;
    apr_status_t rv;

    apr_socket_timeout_get(socket, &timeout);
    apr_socket_timeout_set(socket, h->limit);
    watched = h;
    rv = shake_hands(f, socket, h);
    watched = NULL;
    apr_socket_timeout_set(socket, timeout);
    h->failed = rv != APR_SUCCESS;
    /* mod_ssl reports one error for every failure, so the time tells whether it was a time-out. */
    h->late = h->failed && backhand_clock_now() - began >= h->limit;
    return rv;
}

static const char *of_own_certificate(const backhand_handshake *h)
{
    switch (h->alert_received) {
    case SSL_AD_CERTIFICATE_REQUIRED:
        return "wants a client certificate: give this server one in SSLProxyMachineCertificateFile";
    case SSL_AD_HANDSHAKE_FAILURE:
        return h->asked ? "wants a client certificate: give this server one in SSLProxyMachineCertificateFile" : NULL;
    case SSL_AD_BAD_CERTIFICATE:
    case SSL_AD_UNSUPPORTED_CERTIFICATE:
    case SSL_AD_CERTIFICATE_REVOKED:
    case SSL_AD_CERTIFICATE_EXPIRED:
    case SSL_AD_CERTIFICATE_UNKNOWN:
    case SSL_AD_UNKNOWN_CA:
    case SSL_AD_ACCESS_DENIED:
        return "does not accept the client certificate of this server: renew SSLProxyMachineCertificateFile here, or "
               "name "
               "the CA that signed it in SSLCACertificateFile there";
    default:
        return NULL;
    }
}

static int is_about_time(long verified)
{
    return verified == X509_V_ERR_CERT_HAS_EXPIRED || verified == X509_V_ERR_CERT_NOT_YET_VALID;
}

const char *backhand_handshake_trouble(const backhand_handshake *h, apr_pool_t *p)
{
    if (!h->failed) {
        return NULL;
    }
    if (h->alert_received) {
        const char *own = of_own_certificate(h);
        return own ? own
                   : apr_psprintf(p, "refused the TLS handshake (%s): see SSLProxyProtocol and SSLProxyCipherSuite",
                                  SSL_alert_desc_string_long(h->alert_received));
    }
    if (h->expired || (h->alert_sent && is_about_time(h->verified))) {
        return "has a certificate that is expired or not yet valid: renew it there";
    }
    if (h->alert_sent && h->verified != X509_V_OK) {
        return apr_psprintf(p,
                            "has a certificate that is not trusted (%s): name the CA that signed it in "
                            "SSLProxyCACertificateFile",
                            X509_verify_cert_error_string(h->verified));
    }
    if (h->misnamed) {
        return apr_psprintf(
            p,
            "has a certificate without the name %s, which it announces: set BackhandHostname there to a "
            "name in it, or say SSLProxyCheckPeerName Off",
            h->name);
    }
    if (h->late) {
        return "did not finish the TLS handshake within BackhandConnectTimeout";
    }
    return "failed the TLS handshake: \"LogLevel ssl:info\" tells why";
}
