/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file mark_signature.h
 * @brief Signs and checks marks. With a secret, a `Backhand-Proxied` header is valid only for one request, at one
 * server, for a short time. mark.h says what is signed, and how.
 */
#ifndef BACKHAND_MARK_SIGNATURE_H
#define BACKHAND_MARK_SIGNATURE_H

#include "config/config.h"

/**
 * Adds time and signature to a mark, if there is a secret.
 * @param r        the request as it is sent: method, target and Host header
 * @param contact  contact of the server that receives it
 * @return the header's value, from r->pool; unsigned if OpenSSL fails
 */
const char *backhand_mark_sign(request_rec *r, const backhand_config *conf, const char *mark, const char *contact);

/** Checks the request's mark. Without a secret every mark is believed. @return NULL: it is believed; else the reason
 * why not, for the log */
const char *backhand_mark_check(request_rec *r, const backhand_config *conf, const char *header);

#endif
