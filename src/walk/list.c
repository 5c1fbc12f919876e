/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "walk/inside.h"
#include "table/blame.h"
#include "table/duty.h"

/* True for a server that refused within BackhandRetry or has fallen silent. Silence of all servers does not count. */
static int is_asked_last(const backhand_walk *walk, int id)
{
    return backhand_table_refused_lately(walk->table, id, walk->rules->retry) ||
           (backhand_table_silent(walk->table, id) && !backhand_table_deaf(walk->table));
}

static backhand_reason reason_of_chain(const backhand_walk *walk)
{
    switch (walk->candidates->why) {
    case BACKHAND_WHY_FREE:
        return BACKHAND_HERE_FREE;
    case BACKHAND_WHY_HERE:
        return BACKHAND_HERE_SOONEST;
    case BACKHAND_WHY_TRIAL:
        return BACKHAND_HERE_TRIAL;
    default:
        return BACKHAND_HERE_CHOSEN;
    }
}

static backhand_reason reason_at_own_turn(const backhand_walk *walk)
{
    return walk->tries     ? BACKHAND_HERE_FAILED
           : walk->busy    ? BACKHAND_HERE_BUSY
           : walk->unready ? BACKHAND_HERE_UNREADY
           : walk->coded   ? BACKHAND_HERE_CODED
                           : reason_of_chain(walk);
}

static backhand_reason reason_at_end(const backhand_walk *walk)
{
    return walk->tries           ? BACKHAND_HERE_FAILED
           : walk->busy          ? BACKHAND_HERE_BUSY
           : walk->no_tls >= 0   ? BACKHAND_HERE_NO_TLS
           : walk->coded         ? BACKHAND_HERE_CODED
           : walk->unready       ? BACKHAND_HERE_UNREADY
           : walk->candidates->n ? BACKHAND_HERE_GONE
                                 : BACKHAND_HERE_NONE;
}

/* Reads the candidate's newest announcement. @return 0: it is not asked in this round */
static int is_there(const backhand_walk *walk, int id, backhand_step *step)
{
    uint64_t generation = walk->candidates->generation;

    return !backhand_walk_was_asked(walk, id) && (walk->last_round || !is_asked_last(walk, id)) &&
           backhand_table_usable(walk->table, id, generation) && !backhand_table_passed_over(walk->table, id) &&
           backhand_table_read(walk->table, id, &step->announcement, &step->generation) &&
           step->generation <= generation;
}

/* Looks at a candidate. @return 1: the step is set; 0: the candidate is skipped */
static int consider(backhand_walk *walk, const ServerSlot *candidate, backhand_step *step)
{
    const backhand_walk_rules *rules = walk->rules;
    int id = candidate->id;

    if (id == 0 && walk->erred) {
        return 0;
    }
    if (id == 0 && !rules->asks_self) {
        /* This server is down, but the chain named it. It serves the request only if no other server does. */
        if (backhand_table_passed_over(walk->table, 0)) {
            return 0;
        }
        backhand_walk_stay(walk, reason_at_own_turn(walk), step);
        return 1;
    }
    if (!is_there(walk, id, step)) {
        return 0;
    }
    if (candidate->redirect != BACKHAND_HANDOFF && !rules->no_redirects) {
        step->kind = BACKHAND_STEP_REDIRECT;
        step->reason = BACKHAND_REDIRECTED;
        step->id = id;
        step->redirect = candidate->redirect;
        return 1;
    }
    if (rules->unsafe) {
        backhand_walk_stay(walk, BACKHAND_HERE_UNSAFE, step);
        return 1;
    }
    if (!backhand_walk_can_send(walk, id, &step->announcement)) {
        return 0;
    }
    if (!rules->queues && backhand_table_ready(walk->table, id) <= 0) {
        walk->busy = 1;
        return 0;
    }
    backhand_walk_ask(walk, id, step);
    step->chosen = 1;
    return 1;
}

void backhand_walk_follow(backhand_walk *walk, backhand_step *step)
{
    const backhand_candidates *candidates = walk->candidates;

    for (; walk->last_round <= 1; walk->last_round++, walk->at = 0) {
        for (; walk->at < candidates->n; walk->at++) {
            if (walk->tries >= walk->rules->tries) {
                backhand_walk_stay(walk, BACKHAND_HERE_FAILED, step);
                return;
            }
            if (consider(walk, &candidates->list[walk->at], step)) {
                return;
            }
            walk->passed_over = 1;
        }
    }
    backhand_walk_stay(walk, reason_at_end(walk), step);
}
