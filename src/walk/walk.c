/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "walk/walk.h"
#include "walk/inside.h"
#include "candidacy/wait.h"

#define BAD_GATEWAY 502
#define TIMED_OUT   504
#define LOOP        508
/* The status that other servers log for a client that has gone. It is never sent. */
#define CLIENT_GONE  499
#define OF_THE_ERROR 0

void backhand_walk_begin(backhand_walk *walk, const backhand_table *table, const backhand_walk_rules *rules,
                         const backhand_candidates *candidates, uint64_t *asked)
{
    *walk = (backhand_walk){.table = table,
                            .rules = rules,
                            .candidates = candidates,
                            .asked = asked,
                            .no_tls = -1,
                            .held = BACKHAND_REASONS,
                            .here = BACKHAND_REASONS};
}

void backhand_walk_resume(backhand_walk *walk, const backhand_candidates *candidates, int at, uint64_t *asked)
{
    walk->candidates = candidates;
    walk->at = at - 1;
    walk->asked = asked;
}

/* --- ends -------------------------------------------------------------------------------------------------- */

static void answered(const backhand_walk *walk, backhand_step *step)
{
    step->kind = BACKHAND_STEP_ANSWERED;
    step->reason = walk->passed_over                              ? BACKHAND_OFF_NEXT
                   : walk->candidates->why == BACKHAND_WHY_SOONER ? BACKHAND_OFF_SOONER
                                                                  : BACKHAND_OFF_CHOSEN;
}

/* --- steps ------------------------------------------------------------------------------------------------- */

/* Checks BackhandMaxWait. A chain that found a free place here need not be checked. */
static int would_wait(backhand_walk *walk)
{
    const backhand_candidates *candidates = walk->candidates;

    if (walk->rules->max_wait <= 0 || candidates->why == BACKHAND_WHY_FREE) {
        return 0;
    }
    walk->wait = backhand_wait_least(walk->table, candidates->list, candidates->n, backhand_table_now(walk->table));
    return walk->wait > walk->rules->max_wait;
}

static void begin(backhand_walk *walk, backhand_step *step)
{
    const backhand_walk_rules *rules = walk->rules;

    if (rules->own || rules->left_alone) {
        step->kind = BACKHAND_STEP_HERE;
        step->reason = rules->own ? BACKHAND_HERE_OWN : BACKHAND_NOT_PROXYPASS;
        step->final = 1;
    }
    else if (rules->marked && rules->loop) {
        backhand_walk_fail(step, BACKHAND_REFUSED_LOOP, LOOP);
    }
    else if (rules->marked) {
        if (!backhand_walk_ask_contact(walk, BACKHAND_HERE_MARKED, step)) {
            backhand_walk_stay(walk, BACKHAND_HERE_MARKED, step);
        }
    }
    else if (walk->tries == 0 && !walk->erred && would_wait(walk)) {
        backhand_walk_fail(step, BACKHAND_REFUSED_WAIT, BACKHAND_WALK_UNAVAILABLE);
    }
    else if (backhand_walk_has_owner(walk)) {
        backhand_walk_ask_owner(walk, step);
    }
    else if (!rules->can_ask) {
        backhand_walk_stay(walk, BACKHAND_HERE_LIMIT, step);
    }
    else {
        backhand_walk_follow(walk, step);
    }
}

/* Begins again with the new list of the chain. */
static void begin_again(backhand_walk *walk, backhand_step *step)
{
    walk->chains++;
    walk->at = walk->last_round = 0;
    walk->contact = 0;
    walk->passed_over = 1;
    begin(walk, step);
}

/* Goes on after the server of the last step cannot have the request. */
static void go_on(backhand_walk *walk, backhand_step *step)
{
    if (walk->owned) {
        backhand_walk_ask_owner(walk, step);
        return;
    }
    if (walk->contact) {
        backhand_walk_stay(walk, walk->held, step);
        return;
    }
    walk->passed_over = 1;
    walk->at++;
    backhand_walk_follow(walk, step);
}

/* This server's own application has failed: the chain looks for others. */
static void leave(backhand_walk *walk, backhand_step *step)
{
    walk->erred = 1;
    step->kind = BACKHAND_STEP_CHAIN;
    step->id = 0;
}

/* Ends the walk at a bound of this server or this process. */
static void end_at_bound(backhand_walk *walk, backhand_reason reason, backhand_step *step)
{
    if (walk->owned) {
        backhand_walk_hold_back(walk, reason, step);
    }
    else {
        backhand_walk_stay(walk, reason, step);
    }
}

static int is_asked(backhand_walk_result result)
{
    return result >= BACKHAND_RESULT_ANSWERED && result <= BACKHAND_RESULT_CLIENT;
}

void backhand_walk_step(backhand_walk *walk, backhand_walk_result last, backhand_step *step)
{
    walk->tries += is_asked(last);
    switch (last) {
    case BACKHAND_RESULT_NONE:
        begin(walk, step);
        break;
    case BACKHAND_RESULT_CHAIN:
        begin_again(walk, step);
        break;
    case BACKHAND_RESULT_ERROR:
        leave(walk, step);
        break;
    case BACKHAND_RESULT_ANSWERED:
        answered(walk, step);
        break;
    case BACKHAND_RESULT_LOST:
        backhand_walk_fail(step, BACKHAND_OFF_FAILED, BAD_GATEWAY);
        break;
    case BACKHAND_RESULT_TIMED_OUT:
        backhand_walk_fail(step, BACKHAND_OFF_FAILED, TIMED_OUT);
        break;
    case BACKHAND_RESULT_GONE:
        backhand_walk_fail(step, BACKHAND_ENDED_GONE, CLIENT_GONE);
        break;
    case BACKHAND_RESULT_CLIENT:
    case BACKHAND_RESULT_BODY:
        backhand_walk_fail(step, BACKHAND_ENDED_CLIENT, OF_THE_ERROR);
        break;
    case BACKHAND_RESULT_LIMIT:
        end_at_bound(walk, BACKHAND_HERE_LIMIT, step);
        break;
    case BACKHAND_RESULT_TUNNELS:
        end_at_bound(walk, BACKHAND_HERE_TUNNELS, step);
        break;
    case BACKHAND_RESULT_INTERPRETERS:
        end_at_bound(walk, BACKHAND_HERE_INTERPRETERS, step);
        break;
    case BACKHAND_RESULT_UNREADY:
        walk->unready = 1;
        if (walk->owned) {
            backhand_walk_hold_back(walk, BACKHAND_HERE_UNREADY, step);
            break;
        }
        go_on(walk, step);
        break;
    case BACKHAND_RESULT_FAILED:
        go_on(walk, step);
        break;
    }
}
