/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file login.h
 * @brief With BackhandTrustUser the back server does not ask who the client is. So the part of a login that is in the
 * response comes from the front server: Digest's Authentication-Info, and the session that a form has filled.
 */
#ifndef BACKHAND_LOGIN_H
#define BACKHAND_LOGIN_H

#include "act/proxy/attempt.h"

/** Adds to a response of this try the front server's part, if there is any. Called before backhand_response_insert(),
 * with r->output_filters as they are for the try. */
void backhand_login_insert(request_rec *r, backhand_attempt *t);

/** True for a request whose answer mod_auth_form has replaced by another one, which it makes here. */
int backhand_login_is_answered(const request_rec *r);

void backhand_login_register(void);

#endif
