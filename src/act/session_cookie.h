/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file session_cookie.h
 * @brief The cookie that pins a client to the server that first served it.
 */
#ifndef BACKHAND_SESSION_COOKIE_H
#define BACKHAND_SESSION_COOKIE_H

#include "config/config.h"

/**
 * Hook handler, after the one that decides: gives a client that this server serves the cookie of BackhandSessionCookie.
 * A client keeps the cookie that it has while the server that the cookie names lives. It gets a new one at once if the
 * server that decided has given that server up (backhand_received_lost()). A cookie with Max-Age is renewed by the
 * server that it names.
 * @return DECLINED
 */
int backhand_session_cookie_handler(request_rec *r);

#endif
