/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file contact.h
 * @brief A server's contact: scheme, address and port. Core: no httpd. Any process, any thread.
 */
#ifndef BACKHAND_CONTACT_H
#define BACKHAND_CONTACT_H

#include "mod_backhand.h"

/** Where a server takes requests. */
typedef struct backhand_contact {
    int https;        /**< 0: http, 1: https */
    int port;         /**< 1 to 65535 */
    char address[48]; /**< numeric IPv4 or IPv6, no brackets */
} backhand_contact;

/**
 * Reads `[scheme://]addr[:port]`; addr is numeric IPv4, or IPv6 (in brackets when a port follows). The address is kept
 * in its canonical form, an IPv4-mapped IPv6 one as IPv4. Addresses of no single host (any, multicast) are wrong.
 * @param port  used when the text has none; 0: 80 for http, 443 for https
 * @return NULL, or the error (static text)
 */
const char *backhand_contact_parse(backhand_contact *contact, const char *text, int port);

/** Writes `http://192.0.2.1:80`, IPv6 in brackets; the port always. */
void backhand_contact_format(char out[BACKHAND_CONTACT_SIZE], const backhand_contact *contact);

/** True for the same scheme, port and address, both as backhand_contact_parse() leaves them. */
int backhand_contact_equal(const backhand_contact *a, const backhand_contact *b);

#endif
