/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file response.h
 * @brief Passes the response of an attempt on to the client, and holds back mod_proxy's own error.
 *
 * If a server closes before its response begins, mod_proxy_http sends an error or an end-of-connection bucket to the
 * client's filters. The client must see neither while another server can have the request. A response gets the headers
 * as they came (response_head.h).
 */
#ifndef BACKHAND_RESPONSE_H
#define BACKHAND_RESPONSE_H

#include "act/proxy/attempt.h"

/** Registers the filter. */
void backhand_response_register(void);

/** True for a status of BackhandRetryStatus. */
int backhand_response_is_unwanted(const backhand_config *conf, int status);

/** Inserts the filter on top of the request's output filters. */
void backhand_response_insert(request_rec *r, backhand_attempt *t);

/** Removes the filter, so that nothing points to an attempt that is over. */
void backhand_response_remove(request_rec *r, backhand_attempt *t);

#endif
