/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file fields.h
 * @brief The header fields of a hand-off: all that the client sent, and the mark.
 *
 * mod_proxy takes away each field that the client's Connection header names, and some that belong to one connection.
 * The other server is no proxy's origin but stands in for this one: what a direct request keeps reaches it too.
 * Connection itself, Content-Length and Transfer-Encoding are mod_proxy's; the client's Connection travels in the mark.
 */
#ifndef BACKHAND_FIELDS_H
#define BACKHAND_FIELDS_H

#include "config/config.h"

/**
 * From now on mod_proxy sends r->headers_in for the request, until backhand_fields_end(). That table is put aside. In
 * its place comes a copy whose Connection header says only whether the client's connection is kept: mod_proxy finds no
 * name of a field in it.
 */
void backhand_fields_begin(request_rec *r);
void backhand_fields_end(request_rec *r);

/** Registers the hook of mod_proxy, loaded or not. Hook registration time. */
void backhand_fields_register(void);

#endif
