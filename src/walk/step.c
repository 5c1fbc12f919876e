/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "walk/inside.h"
#include "table/duty.h"

void backhand_walk_fail(backhand_step *step, backhand_reason reason, int status)
{
    step->kind = BACKHAND_STEP_FAIL;
    step->reason = reason;
    step->status = status;
}

int backhand_walk_was_asked(const backhand_walk *walk, int id)
{
    return walk->asked[id / 64] >> (id % 64) & 1;
}

int backhand_walk_can_send(backhand_walk *walk, int id, const backhand_announcement *announcement)
{
    if (walk->rules->coded) {
        walk->coded = 1;
        return 0;
    }
    if (announcement->contact.https && !walk->rules->tls) {
        walk->no_tls = id;
        return 0;
    }
    return 1;
}

/* True when another candidate can still be asked, in this round or the next. */
static int has_more(const backhand_walk *walk)
{
    const backhand_candidates *candidates = walk->candidates;

    for (int i = 0; i < candidates->n && walk->tries + 1 < walk->rules->tries; i++) {
        int id = candidates->list[i].id;
        if (id != 0 && candidates->list[i].redirect == BACKHAND_HANDOFF && !backhand_walk_was_asked(walk, id) &&
            backhand_table_usable(walk->table, id, candidates->generation) &&
            !backhand_table_passed_over(walk->table, id) &&
            (walk->rules->queues || backhand_table_ready(walk->table, id) > 0)) {
            return 1;
        }
    }
    return 0;
}

void backhand_walk_ask(backhand_walk *walk, int id, backhand_step *step)
{
    walk->asked[id / 64] |= UINT64_C(1) << (id % 64);
    walk->asked_self |= id == 0;
    walk->owned = 0;
    step->kind = BACKHAND_STEP_ASK;
    step->id = id;
    step->owned = 0;
    step->final =
        !walk->erred && !(walk->rules->serves && !backhand_table_passed_over(walk->table, 0)) && !has_more(walk);
}

int backhand_walk_ask_contact(backhand_walk *walk, backhand_reason held, backhand_step *step)
{
    const backhand_walk_rules *rules = walk->rules;

    if (walk->asked_self || !rules->can_ask || !rules->asks_self ||
        !backhand_table_read(walk->table, 0, &step->announcement, &step->generation) ||
        !backhand_walk_can_send(walk, 0, &step->announcement)) {
        return 0;
    }
    walk->contact = 1;
    walk->held = held;
    backhand_walk_ask(walk, 0, step);
    step->chosen = 0;
    step->final = !walk->rules->serves;
    return 1;
}

/* Nobody else has the session of a request that has one. */
int backhand_walk_can_leave(const backhand_walk *walk)
{
    const backhand_walk_rules *rules = walk->rules;

    return !walk->erred && rules->can_ask && !rules->marked && !rules->unsafe && !rules->coded &&
           walk->candidates->owner < 0 && walk->tries < rules->tries;
}

void backhand_walk_stay(backhand_walk *walk, backhand_reason reason, backhand_step *step)
{
    if (walk->rules->serves) {
        walk->here = walk->erred ? walk->here : reason;
        step->kind = BACKHAND_STEP_HERE;
        step->reason = walk->here;
        step->final = !backhand_walk_can_leave(walk);
    }
    else if (!backhand_walk_ask_contact(walk, reason, step)) {
        backhand_walk_fail(step, BACKHAND_REFUSED_AWAY, BACKHAND_WALK_UNAVAILABLE);
    }
}
