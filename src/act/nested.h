/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file nested.h
 * @brief Requests that a candidacy function makes while the chain decides: sub-requests and internal redirects.
 *
 * A function may look up a URL and read what httpd knows of it. It may not run the request that it made: both this
 * server and the chosen server would answer, and a change would be made twice.
 */
#ifndef BACKHAND_NESTED_H
#define BACKHAND_NESTED_H

#include <httpd.h>

/** Hook create_request: keeps httpd from reading the client's body for an internal redirect that will fail. */
int backhand_nested_create(request_rec *r);

/** Hook handler, before all others: fails such a request with 500. Logs that once a minute and process. */
int backhand_nested_handler(request_rec *r);

#endif
