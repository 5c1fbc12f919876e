/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file response.h
 * @brief The response of an attempt on its way to the client: passed on once it is one, held back while it is an
 * excuse.
 *
 * When a server closes before its response begins, mod_proxy_http sends an error or an end-of-connection bucket down
 * the client's filters. As long as another server can have the request the client must not see either. A response gets
 * the headers that came (response_head.h).
 */
#ifndef BACKHAND_RESPONSE_H
#define BACKHAND_RESPONSE_H

#include "act/proxy/attempt.h"

/** Registers the filter. */
void backhand_response_register(void);

/** Puts the filter on top of the request's output filters. */
void backhand_response_insert(request_rec *r, backhand_attempt *t);

/** Takes it out again, so that nothing points to an attempt that is over. */
void backhand_response_remove(request_rec *r, backhand_attempt *t);

#endif
