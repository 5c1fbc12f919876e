/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file accept.h
 * @brief AcceptStats: the addresses whose announcements, contacts and hand-offs are trusted. Core: no httpd.
 */
#ifndef BACKHAND_ACCEPT_H
#define BACKHAND_ACCEPT_H

#include <apr_network_io.h>
#include <apr_tables.h>

/** Array of apr_ipsubnet_t *. An empty list covers nothing. */
typedef apr_array_header_t backhand_accept_list;

/** Adds `addr[/bits]` or `addr/mask`, IPv4 or IPv6. @return NULL, or the error and the right form */
const char *backhand_accept_add(backhand_accept_list *list, const char *text);

/** True when the list covers the address; an IPv4-mapped IPv6 address counts as the IPv4 one. */
int backhand_accept_covers(const backhand_accept_list *list, apr_sockaddr_t *address);

/** The same for a numeric address in text. Allocates nothing. False if the text is no address. */
int backhand_accept_covers_text(const backhand_accept_list *list, const char *address);

/** The same for an IPv6 address as 16 bytes in network order; IPv4 addresses are IPv4-mapped. */
int backhand_accept_covers_bytes(const backhand_accept_list *list, const void *bytes);

/** True if a network of the list is so wide that it must contain clients: a public IPv4 network with a prefix of 8 bits
 * or less, or a public IPv6 network with a prefix of 16 bits or less. */
int backhand_accept_is_wide(const backhand_accept_list *list);

#endif
