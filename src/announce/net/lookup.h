/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file lookup.h
 * @brief What a name stands for, by the system's resolver. Core: no httpd.
 */
#ifndef BACKHAND_LOOKUP_H
#define BACKHAND_LOOKUP_H

#include "announce/net/socket.h"

/** What was found. */
typedef struct backhand_found {
    int count;
    backhand_address at[BACKHAND_NAMED_MAX]; /**< each once, with its port */
    char problem[160];                       /**< why nothing was found */
} backhand_found;

/** Adds an address that is not there yet; what there is no room for is left out. */
void backhand_found_add(backhand_found *found, const struct sockaddr *address, int port);

/**
 * Looks up all addresses of a name, or, when `port` is 0, the targets of its SRV records and their addresses. Takes as long
 * as the resolver takes. Any thread; keeps no memory.
 * @param family  AF_INET, AF_INET6 or AF_UNSPEC for both
 * @return 1; or 0 when there is no address, or not all could be asked for: then only `problem` holds something
 */
int backhand_lookup(backhand_found *found, const char *name, int port, int family);

/** As backhand_lookup. */
typedef int (*backhand_lookup_fn)(backhand_found *found, const char *name, int port, int family);

#endif
