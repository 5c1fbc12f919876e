/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file lookup.h
 * @brief Looks up the addresses of a name with the system's resolver. Core: no httpd.
 */
#ifndef BACKHAND_LOOKUP_H
#define BACKHAND_LOOKUP_H

#include "announce/net/socket.h"

/** The result of a lookup. */
typedef struct backhand_found {
    int count;
    backhand_address at[BACKHAND_NAMED_MAX]; /**< addresses without duplicates, with ports */
    char problem[160];                       /**< why the lookup failed */
} backhand_found;

/** Adds an address, unless it is there already or there is no room. */
void backhand_found_add(backhand_found *found, const struct sockaddr *address, int port);

/**
 * Looks up all addresses of a name. If `port` is 0, looks up the name's SRV records and the addresses of their targets.
 * Waits for the resolver. Any thread; keeps no memory.
 * @param family  AF_INET, AF_INET6 or AF_UNSPEC for both
 * @return 1; 0 if there is no address or not all could be looked up: then only `problem` is set
 */
int backhand_lookup(backhand_found *found, const char *name, int port, int family);

/** The type of backhand_lookup(). */
typedef int (*backhand_lookup_fn)(backhand_found *found, const char *name, int port, int family);

#endif
