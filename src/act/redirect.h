/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file redirect.h
 * @brief Sending the client to another server itself.
 */
#ifndef BACKHAND_REDIRECT_H
#define BACKHAND_REDIRECT_H

#include "config/config.h"

/**
 * Sets Location to what the client asked for, on the server that `announcement` describes: at its contact's address, or
 * with BACKHAND_REDIRECT_NAME under its name; at the address too when the format makes no host name of it. The scheme
 * and the port are those that the client used here; when these are the ones of this server's contact, those of the
 * other's. No byte of the request can end the header or change the host.
 * @param format  how the name is made, see name_format.h; NULL: `%S`
 * @return the handler's result: 302 for GET and HEAD, 307, which keeps method and body, for others
 */
int backhand_redirect(request_rec *r, int redirect, const char *format, const backhand_announcement *announcement);

#endif
