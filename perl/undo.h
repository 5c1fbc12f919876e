/* Licensed to the public under the terms of Perl itself or of the Apache License 2.0; see the file LICENSE. */

/**
 * @file undo.h
 * @brief Restores the parts of a request that a policy may not change: all parts of the answer.
 *
 * A policy chooses a server. It may read everything, and write notes, environment variables and request headers. The
 * response, the file or handler that the request leads to, and filters belong to the server that will serve the
 * request. While a policy runs, output to the response is discarded.
 */
#ifndef BACKHAND_UNDO_H
#define BACKHAND_UNDO_H

#include "undo_state.h"

/** Saves the state of the request. undo_end() follows in the same thread. `timeout`: time for destructors of objects
 * that the policy left in the request, us; 0: no limit. */
void undo_begin(undo *what, request_rec *r, apr_interval_time_t timeout);

/**
 * Restores what the policy changed. Called with the policy's interpreter.
 * @return the names of the changed parts, separated by commas, in the request's pool; NULL: none
 */
const char *undo_end(pTHX_ undo *what);

#endif
