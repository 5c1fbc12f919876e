/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file session_cookie.h
 * @brief The cookie that pins a client to the server that first served it.
 */
#ifndef BACKHAND_SESSION_COOKIE_H
#define BACKHAND_SESSION_COOKIE_H

#include "config/config.h"

/**
 * Hook handler, after the one that decides: sends the cookie of BackhandSessionCookie to a client that this server
 * serves. A client keeps its cookie while the server that the cookie names lives. It gets a new cookie at once if the
 * deciding server has given that server up (backhand_received_lost()). A cookie with Max-Age is renewed by the server
 * that it names.
 * @return DECLINED
 */
int backhand_session_cookie_handler(request_rec *r);

#endif
