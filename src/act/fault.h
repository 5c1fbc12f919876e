/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file fault.h
 * @brief Whose fault it was that an attempt failed: the server's, which is asked last for a while then, or the
 * request's alone.
 *
 * The rule is that of table/blame.h. The log hears of a server's failures once a minute, whatever clients do.
 */
#ifndef BACKHAND_FAULT_H
#define BACKHAND_FAULT_H

#include "act/proxy/handoff.h"

/**
 * Notes how an attempt at the server that slot `id` had at `generation` ended.
 * @param contact  the server's, for the log
 */
void backhand_fault_note(request_rec *r, const backhand_config *conf, int id, uint64_t generation, const char *contact,
                         const backhand_handoff *handoff, backhand_handoff_result result);

#endif
