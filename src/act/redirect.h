/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file redirect.h
 * @brief Redirects the client to another server.
 */
#ifndef BACKHAND_REDIRECT_H
#define BACKHAND_REDIRECT_H

#include "config/config.h"

/**
 * Sets Location to the URL that the client asked for, on the server that `announcement` describes. The host is the
 * address of that server's contact. With BACKHAND_REDIRECT_NAME it is the server's name, or the address if the format
 * makes no valid host name of it. Scheme and port are those that the client used here; if they are those of this
 * server's contact, the other contact's scheme and port are used. Nothing in the request can end the header or change
 * the host.
 * @param format  how the name is made, see name_format.h; NULL: `%S`
 * @return the handler's result: 302 for GET and HEAD; for other methods 307, which keeps method and body
 */
int backhand_redirect(request_rec *r, int redirect, const char *format, const backhand_announcement *announcement);

#endif
