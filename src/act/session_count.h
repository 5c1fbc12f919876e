/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file session_count.h
 * @brief Counts what became of requests that came with a session, for the status page.
 */
#ifndef BACKHAND_SESSION_COUNT_H
#define BACKHAND_SESSION_COUNT_H

#include "walk/state.h"

/**
 * Counts a request in at most one of BACKHAND_COUNT_SESSION_...; in none if it has no session, or if it failed for
 * another reason than its session. Any thread.
 * @param candidates  as the chain left them
 * @param end         the last step of the walk
 */
void backhand_session_count(backhand_table *table, const backhand_candidates *candidates, const backhand_step *end);

#endif
