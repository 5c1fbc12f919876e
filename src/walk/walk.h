/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file walk.h
 * @brief A request's walk through the candidates that its chain left: whom to ask next, and when to stop. Core: no
 * httpd.
 *
 * The caller begins a walk, and then repeats: take a step, do what the step says, report what became of it. The walk
 * asks nobody itself, counts nothing and changes neither the table nor the list of candidates. httpd's handler and the
 * simulator both follow it.
 *
 * A request with a session whose owner lives goes to the owner alone, also if that has no ready worker. If the owner
 * cannot be asked now, the client is sent there or gets 503: no other server has the session. Only when the owner is
 * lost (it has left, is silent, or failed and is to blame for that), the chain runs once more without it, and its list
 * is followed.
 *
 * The order: two rounds over the list. The first one leaves out servers that refused lately or have fallen silent. At
 * this server's own turn, and at the end of the list, the request is served here. Where this server may not serve it,
 * the server's own contact is asked, once. Servers that are down (table/down.h) are passed over, this one, too: it
 * serves the request only at the end of the list.
 *
 * To add a rule: its fact about the request goes into backhand_walk_rules (state.h), its place in the order into walk.c
 * or list.c, its reason into reason.h, and a test into tests/unit/test_walk*.c.
 */
#ifndef BACKHAND_WALK_H
#define BACKHAND_WALK_H

#include "walk/state.h"

/**
 * Begins a walk. All that is given must live as long as the walk.
 * @param candidates  the list that the chain left, its generation and reason; n 0: it left nobody, or none ran
 * @param asked       all zero
 */
void backhand_walk_begin(backhand_walk *walk, const backhand_table *table, const backhand_walk_rules *rules,
                         const backhand_candidates *candidates, uint64_t *asked);

/**
 * Goes on with a shorter list, for callers that cannot keep the whole one.
 * @param candidates  the same, without some of the candidates; the one of the last step must be out
 * @param at          how many of the list come before the candidate of the last step
 * @param asked       all zero
 */
void backhand_walk_resume(backhand_walk *walk, const backhand_candidates *candidates, int at, uint64_t *asked);

/**
 * Takes a step.
 * @param last  what became of the step before; BACKHAND_RESULT_NONE at first, or BACKHAND_RESULT_BODY if the client's
 *              error showed while the chain ran
 * @param step  is set. After any kind but ASK the walk is over
 */
void backhand_walk_step(backhand_walk *walk, backhand_walk_result last, backhand_step *step);

#endif
