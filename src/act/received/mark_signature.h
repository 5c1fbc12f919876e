/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file mark_signature.h
 * @brief Signed marks: with a secret, a `Backhand-Proxied` header is worth something for one request at one server,
 * now. What is signed, and how, is in mark.h.
 */
#ifndef BACKHAND_MARK_SIGNATURE_H
#define BACKHAND_MARK_SIGNATURE_H

#include "config/config.h"

/**
 * Adds time and signature to a mark, when there is a secret.
 * @param r        its method, target and Host header are those that are sent
 * @param contact  of the server that gets it
 * @return the header's value, from r->pool; an unsigned one when OpenSSL fails
 */
const char *backhand_mark_sign(request_rec *r, const backhand_config *conf, const char *mark, const char *contact);

/** NULL when the request's mark is to be believed, as all are without a secret; else what is wrong with it, for the
 * log. */
const char *backhand_mark_check(request_rec *r, const backhand_config *conf, const char *header);

#endif
