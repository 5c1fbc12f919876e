/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file loop.h
 * @brief Detects requests that go in a loop between a server and its own contact, with BackhandSelfRedirect.
 *
 * A server that hands a marked request to its own contact writes a mark with `again`. A client that forges such a mark
 * only gets the answer to a loop.
 */
#ifndef BACKHAND_LOOP_H
#define BACKHAND_LOOP_H

#include "config/config.h"

/** True when a marked request must not be handed to this server's contact: it was handed there before, or it came in at
 * the contact's own address and port. */
int backhand_loop_is(const request_rec *r, const backhand_table *table);

/** Logs the loop, at most once a minute and process. */
void backhand_loop_log(const request_rec *r, const char *contact);

#endif
