/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file login.h
 * @brief Adds the front server's part of a login to a response.
 *
 * With BackhandTrustUser the back server does not ask who the client is. So the front server adds the part of a login
 * that belongs to the response: Digest's Authentication-Info, or the session that a login form has filled.
 */
#ifndef BACKHAND_LOGIN_H
#define BACKHAND_LOGIN_H

#include "act/proxy/attempt.h"

/** Inserts the filters that add the front server's part, if any, to the response of this attempt. Called before
 * backhand_response_insert(), with r->output_filters as they are for the attempt. */
void backhand_login_insert(request_rec *r, backhand_attempt *t);

/** True for a request whose handler mod_auth_form has replaced by its own, which answers here. */
int backhand_login_is_answered(const request_rec *r);

void backhand_login_register(void);

#endif
