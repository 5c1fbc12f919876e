/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file fault.h
 * @brief Counts how an attempt ended, and decides whose fault a failed attempt was: the server's, which is then asked
 * last for a while, or the request's.
 *
 * table/blame.h has the rule. Failures of one server are logged at most once a minute, whatever clients do.
 */
#ifndef BACKHAND_FAULT_H
#define BACKHAND_FAULT_H

#include "act/proxy/handoff.h"

/**
 * Notes how an attempt ended. The attempt went to the server that slot `id` had at `generation`.
 * @param contact  contact of that server, for the log
 * @param usec     time that the attempt took
 */
void backhand_fault_note(request_rec *r, const backhand_config *conf, int id, uint64_t generation, const char *contact,
                         const backhand_handoff *handoff, backhand_handoff_result result, apr_interval_time_t usec);

#endif
