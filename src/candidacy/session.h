/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file session.h
 * @brief Sessions and requests: the candidacy functions that read the request, and the cookie that pins a client.
 */
#ifndef BACKHAND_SESSION_H
#define BACKHAND_SESSION_H

#include "config/config.h"

/** Built-in functions that read the request, as bySession; ended by a NULL name. */
const backhand_builtin *backhand_request_builtins(void);

/** Hook handler, after the one that decides: gives a client that this server serves the cookie of
 * BackhandSessionCookie.
 * @return DECLINED */
int backhand_session_handler(request_rec *r);

#endif
