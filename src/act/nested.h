/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file nested.h
 * @brief Requests that a candidacy function makes while the chain decides: sub-requests and internal redirects.
 *
 * A function may look a place up, and read what httpd knows of it. It may not run what it found: the request would be
 * answered here and by the chosen server, and what changes something would be done twice.
 */
#ifndef BACKHAND_NESTED_H
#define BACKHAND_NESTED_H

#include <httpd.h>

/** Hook create_request: httpd must not read the client's body for an internal redirect that will fail. */
int backhand_nested_create(request_rec *r);

/** Hook handler, before all others: such a request fails with 500. Says so once a minute and process. */
int backhand_nested_handler(request_rec *r);

#endif
