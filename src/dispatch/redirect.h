/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file redirect.h
 * @brief Sending the client to another server itself.
 */
#ifndef BACKHAND_REDIRECT_H
#define BACKHAND_REDIRECT_H

#include "config.h"

/**
 * Sets Location to the request's path and query on the server that `said` describes: on its contact, or with
 * BACKHAND_REDIRECT_NAME on its hostname with the contact's scheme and port.
 * @return the handler's result: 302 for GET and HEAD, 307, which keeps method and body, for others
 */
int backhand_redirect(request_rec *r, int redirect, const backhand_announcement *said);

#endif
