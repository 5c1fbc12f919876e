/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file walk.h
 * @brief A request's walk through the candidates of its chain: which server to ask next, and when to stop. Core: no
 * httpd.
 *
 * The caller begins a walk, and then repeats: take a step, do what the step says, report the result. The walk itself
 * asks no server, counts nothing, and changes neither the table nor the list of candidates. httpd's handler and the
 * simulator both follow it.
 *
 * A request with a session whose owner lives goes only to the owner, even if that has no ready worker. If the owner
 * cannot be asked now, the client is redirected to it or gets 503: no other server has the session. If the owner is
 * lost (it has left, is silent, or failed and is to blame for that), the chain runs once more without it, and its new
 * list is followed.
 *
 * An error of this server's own application counts as a failed try as well, if nothing was sent yet: the chain runs
 * again without this server, and its new list is followed. If no other server answers better, the error is the answer.
 * This does not hold for a request with a session.
 *
 * The walk makes two rounds over the list. The first round leaves out servers that refused lately or have fallen
 * silent. At this server's own place, and at the end of the list, the request is served here. If this server may not
 * serve it, its contact is asked, once. Servers that get no new requests (table/duty.h) are skipped. If this server is
 * one, it serves the request only at the end of the list.
 *
 * To add a rule: its fact about the request goes into backhand_walk_rules (state.h), its place in the order into walk.c
 * or list.c, its reason into reason.h, and a test into tests/unit/test_walk*.c.
 */
#ifndef BACKHAND_WALK_H
#define BACKHAND_WALK_H

#include "walk/state.h"

/**
 * Begins a walk. All arguments must live as long as the walk.
 * @param candidates  the list that the chain left, its generation and reason; n 0: it left no server, or no chain ran
 * @param asked       all zero
 */
void backhand_walk_begin(backhand_walk *walk, const backhand_table *table, const backhand_walk_rules *rules,
                         const backhand_candidates *candidates, uint64_t *asked);

/**
 * Continues with a shorter list, for callers that cannot keep the whole list.
 * @param candidates  the same without some of the candidates; the candidate of the last step must be removed
 * @param at          number of candidates in it that come before the candidate of the last step
 * @param asked       all zero
 */
void backhand_walk_resume(backhand_walk *walk, const backhand_candidates *candidates, int at, uint64_t *asked);

/**
 * Takes a step.
 * @param last  the result of the step before; BACKHAND_RESULT_NONE at first, or BACKHAND_RESULT_BODY if the client's
 *              error showed while the chain ran
 * @param step  is set. After any kind but ASK, CHAIN, and HERE with `final` 0, the walk is over
 */
void backhand_walk_step(backhand_walk *walk, backhand_walk_result last, backhand_step *step);

#endif
