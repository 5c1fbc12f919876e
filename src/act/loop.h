/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file loop.h
 * @brief Requests that go round between a server and its own contact, with BackhandSelfRedirect.
 *
 * A server that does not serve a request with a mark hands it to its contact, with a mark that says `again`. Whoever
 * writes such a mark himself gets what a loop gets, and nothing else.
 */
#ifndef BACKHAND_LOOP_H
#define BACKHAND_LOOP_H

#include "config/config.h"

/** True for a request with a mark that must not be handed to this server's contact: it has been round once, or it came
 * to the very address of the contact. */
int backhand_loop_is(const request_rec *r, const backhand_table *table);

/** Tells the log of it, once a minute and process. */
void backhand_loop_log(const request_rec *r, const char *contact);

#endif
