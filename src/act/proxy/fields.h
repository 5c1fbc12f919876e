/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file fields.h
 * @brief The header fields of a hand-off: all fields that the client sent, and the mark.
 *
 * mod_proxy removes each field that the client's Connection header names, and some fields that belong to one
 * connection. But the other server is not a proxy's origin: it stands in for this server, and gets the same fields as
 * in a direct request. mod_proxy alone sets Connection, Content-Length and Transfer-Encoding; the mark carries the
 * client's Connection.
 */
#ifndef BACKHAND_FIELDS_H
#define BACKHAND_FIELDS_H

#include "config/config.h"

/**
 * Until backhand_fields_end() mod_proxy sends r->headers_in for the request. This function puts that table aside. A
 * copy takes its place, whose Connection header only says whether the client's connection is kept, so that mod_proxy
 * finds no field names in it.
 */
void backhand_fields_begin(request_rec *r);
void backhand_fields_end(request_rec *r);

/** Registers the hook of mod_proxy, which need not be loaded. Hook registration time. */
void backhand_fields_register(void);

#endif
