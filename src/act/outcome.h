/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file outcome.h
 * @brief Says what happened to a request: environment variables and notes of the same names.
 *
 * | name             | value |
 * |------------------|-------|
 * | BACKHAND_SERVER  | contact of the server that answered, as `http://192.0.2.1:80`; of a redirect, where it leads |
 * | BACKHAND_REASON  | what was done and why, `what:why`, see walk/reason.h |
 * | BACKHAND_TRIES   | servers that were asked before the answer came, 0 when none but this one was |
 * | BACKHAND_USEC    | microseconds that the chain took to decide |
 * | BACKHAND_RECEIVED| on the server that received a handed-off request: address of the server that sent it |
 *
 * The first four are set on the server that decided, in places with a chain; the last one on the receiver.
 */
#ifndef BACKHAND_OUTCOME_H
#define BACKHAND_OUTCOME_H

#include "config/config.h"
#include "walk/reason.h"

/** Sets the four variables and notes, also for internal redirects that were made of `r`. `server` must live as long as
 * the request. */
void backhand_outcome_set(request_rec *r, const char *server, backhand_reason reason, int tries, apr_time_t usec);

#endif
