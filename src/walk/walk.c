/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "walk/walk.h"
#include "candidacy/session_id.h"
#include "candidacy/wait.h"
#include "table/blame.h"
#include "table/down.h"

#define BAD_GATEWAY 502
#define UNAVAILABLE 503
#define TIMED_OUT   504
#define LOOP        508
/* As others log it; nobody gets it. */
#define CLIENT_GONE  499
#define OF_THE_ERROR 0
/* More owners of one request are not given up: then its list is followed, whoever is in it. */
#define CHAINS_MAX 2
/* A failure that was noted so long ago is that of this request, whatever BackhandRetry is. */
#define JUST_NOW APR_USEC_PER_SEC

void backhand_walk_begin(backhand_walk *walk, const backhand_table *table, const backhand_walk_rules *rules,
                         const backhand_candidates *candidates, uint64_t *asked)
{
    *walk = (backhand_walk){.table = table,
                            .rules = rules,
                            .candidates = candidates,
                            .asked = asked,
                            .no_tls = -1,
                            .held = BACKHAND_REASONS};
}

void backhand_walk_resume(backhand_walk *walk, const backhand_candidates *candidates, int at, uint64_t *asked)
{
    walk->candidates = candidates;
    walk->at = at - 1;
    walk->asked = asked;
}

/* --- ends -------------------------------------------------------------------------------------------------- */

static void fail(backhand_step *step, backhand_reason reason, int status)
{
    step->kind = BACKHAND_STEP_FAIL;
    step->reason = reason;
    step->status = status;
}

static void answered(const backhand_walk *walk, backhand_step *step)
{
    step->kind = BACKHAND_STEP_ANSWERED;
    step->reason = walk->passed_over                              ? BACKHAND_OFF_NEXT
                   : walk->candidates->why == BACKHAND_WHY_SOONER ? BACKHAND_OFF_SOONER
                                                                  : BACKHAND_OFF_CHOSEN;
}

/* --- asking ------------------------------------------------------------------------------------------------ */

static int was_asked(const backhand_walk *walk, int id)
{
    return walk->asked[id / 64] >> (id % 64) & 1;
}

static int can_be_sent(backhand_walk *walk, int id, const backhand_announcement *announcement)
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

/* Another candidate could still be asked, whether it is asked last or not. */
static int has_more(const backhand_walk *walk)
{
    const backhand_candidates *candidates = walk->candidates;

    for (int i = 0; i < candidates->n && walk->tries + 1 < walk->rules->tries; i++) {
        int id = candidates->list[i].id;
        if (id != 0 && candidates->list[i].redirect == BACKHAND_HANDOFF && !was_asked(walk, id) &&
            backhand_table_usable(walk->table, id, candidates->generation) && !backhand_table_down(walk->table, id) &&
            (walk->rules->queues || backhand_table_ready(walk->table, id) > 0)) {
            return 1;
        }
    }
    return 0;
}

static void ask(backhand_walk *walk, int id, backhand_step *step)
{
    walk->asked[id / 64] |= UINT64_C(1) << (id % 64);
    walk->asked_self |= id == 0;
    walk->owned = 0;
    step->kind = BACKHAND_STEP_ASK;
    step->id = id;
    step->owned = 0;
    step->final = !(walk->rules->serves && !backhand_table_down(walk->table, 0)) && !has_more(walk);
}

/* Asks this server's contact, once, whether it seems to have a ready worker or not. @return 0: it cannot be asked */
static int ask_contact(backhand_walk *walk, backhand_reason held, backhand_step *step)
{
    const backhand_walk_rules *rules = walk->rules;

    if (walk->asked_self || !rules->can_ask || !rules->asks_self ||
        !backhand_table_read(walk->table, 0, &step->announcement, &step->generation) ||
        !can_be_sent(walk, 0, &step->announcement)) {
        return 0;
    }
    walk->contact = 1;
    walk->held = held;
    ask(walk, 0, step);
    step->chosen = 0;
    step->final = !walk->rules->serves;
    return 1;
}

/* Serves the request here for this reason. Where this server may not, its contact does. */
static void stay(backhand_walk *walk, backhand_reason reason, backhand_step *step)
{
    if (walk->rules->serves) {
        step->kind = BACKHAND_STEP_HERE;
        step->reason = reason;
    }
    else if (!ask_contact(walk, reason, step)) {
        fail(step, BACKHAND_REFUSED_AWAY, UNAVAILABLE);
    }
}

/* --- the list ---------------------------------------------------------------------------------------------- */

/* A server that is not heard any more has most likely failed, unless none is heard. */
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

/* Reads what the candidate announced last. @return 0: it is not asked in this round */
static int is_there(const backhand_walk *walk, int id, backhand_step *step)
{
    uint64_t generation = walk->candidates->generation;

    return !was_asked(walk, id) && (walk->last_round || !is_asked_last(walk, id)) &&
           backhand_table_usable(walk->table, id, generation) && !backhand_table_down(walk->table, id) &&
           backhand_table_read(walk->table, id, &step->announcement, &step->generation) &&
           step->generation <= generation;
}

/* @return 1: this is the step; 0: the candidate is passed over */
static int consider(backhand_walk *walk, const ServerSlot *candidate, backhand_step *step)
{
    const backhand_walk_rules *rules = walk->rules;
    int id = candidate->id;

    if (id == 0 && !rules->asks_self) {
        /* The chain named it nevertheless. It serves the request when nobody else does. */
        if (backhand_table_down(walk->table, 0)) {
            return 0;
        }
        stay(walk, reason_at_own_turn(walk), step);
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
        stay(walk, BACKHAND_HERE_UNSAFE, step);
        return 1;
    }
    if (!can_be_sent(walk, id, &step->announcement)) {
        return 0;
    }
    if (!rules->queues && backhand_table_ready(walk->table, id) <= 0) {
        walk->busy = 1;
        return 0;
    }
    ask(walk, id, step);
    step->chosen = 1;
    return 1;
}

/* --- the owner of the session ----------------------------------------------------------------------------------------
 */

/* The request has a session on another server, which lived when the chain ran. */
static int has_owner(const backhand_walk *walk)
{
    return walk->candidates->owner > 0 && walk->candidates->n > 0 && walk->chains <= CHAINS_MAX;
}

static int is_owner_lost(const backhand_walk *walk, int id)
{
    apr_interval_time_t retry = walk->rules->retry > JUST_NOW ? walk->rules->retry : JUST_NOW;

    return !backhand_session_lives(walk->table, id, walk->candidates->generation) ||
           backhand_table_refused_lately(walk->table, id, retry);
}

/* The owner lives, and this request cannot go there now. Nobody else has the session. */
static void hold_back(const backhand_walk *walk, backhand_reason obstacle, backhand_step *step)
{
    int known = backhand_table_read(walk->table, walk->candidates->owner, &step->announcement, &step->generation);

    step->obstacle = obstacle;
    if (known && walk->rules->session_redirects) {
        step->kind = BACKHAND_STEP_REDIRECT;
        step->reason = BACKHAND_REDIRECTED_SESSION;
        step->id = walk->candidates->owner;
        step->redirect = BACKHAND_REDIRECT_NAME;
        return;
    }
    if (!known) {
        step->announcement.stat.contact[0] = '\0';
    }
    fail(step, BACKHAND_REFUSED_SESSION, UNAVAILABLE);
}

static void ask_owner(backhand_walk *walk, backhand_step *step)
{
    const backhand_walk_rules *rules = walk->rules;
    uint64_t generation = walk->candidates->generation;
    int id = walk->candidates->owner, redirect = walk->candidates->list[0].redirect;

    if (is_owner_lost(walk, id) || !backhand_table_read(walk->table, id, &step->announcement, &step->generation) ||
        step->generation > generation) {
        step->kind = BACKHAND_STEP_CHAIN;
        step->id = id;
    }
    else if (redirect != BACKHAND_HANDOFF && !rules->no_redirects) {
        step->kind = BACKHAND_STEP_REDIRECT;
        step->reason = BACKHAND_REDIRECTED;
        step->id = id;
        step->redirect = redirect;
    }
    else if (walk->tries >= rules->tries) {
        hold_back(walk, BACKHAND_HERE_FAILED, step);
    }
    else if (!rules->can_ask || rules->unsafe) {
        hold_back(walk, rules->unsafe ? BACKHAND_HERE_UNSAFE : BACKHAND_HERE_LIMIT, step);
    }
    else if (!can_be_sent(walk, id, &step->announcement)) {
        hold_back(walk, walk->coded ? BACKHAND_HERE_CODED : BACKHAND_HERE_NO_TLS, step);
    }
    else {
        ask(walk, id, step);
        step->chosen = step->owned = step->final = walk->owned = 1;
    }
}

/* --- the list --------------------------------------------------------------------------------------------------------
 */

static void follow(backhand_walk *walk, backhand_step *step)
{
    const backhand_candidates *candidates = walk->candidates;

    for (; walk->last_round <= 1; walk->last_round++, walk->at = 0) {
        for (; walk->at < candidates->n; walk->at++) {
            if (walk->tries >= walk->rules->tries) {
                stay(walk, BACKHAND_HERE_FAILED, step);
                return;
            }
            if (consider(walk, &candidates->list[walk->at], step)) {
                return;
            }
            walk->passed_over = 1;
        }
    }
    stay(walk, reason_at_end(walk), step);
}

/* --- steps ------------------------------------------------------------------------------------------------- */

/* A chain that has found a free place here has looked at that. */
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
    }
    else if (rules->marked && rules->loop) {
        fail(step, BACKHAND_REFUSED_LOOP, LOOP);
    }
    else if (rules->marked) {
        if (!ask_contact(walk, BACKHAND_HERE_MARKED, step)) {
            stay(walk, BACKHAND_HERE_MARKED, step);
        }
    }
    else if (walk->tries == 0 && would_wait(walk)) {
        fail(step, BACKHAND_REFUSED_WAIT, UNAVAILABLE);
    }
    else if (has_owner(walk)) {
        ask_owner(walk, step);
    }
    else if (!rules->can_ask) {
        stay(walk, BACKHAND_HERE_LIMIT, step);
    }
    else {
        follow(walk, step);
    }
}

/* The list is a new one. */
static void begin_again(backhand_walk *walk, backhand_step *step)
{
    walk->chains++;
    walk->passed_over = 1;
    begin(walk, step);
}

/* The server of the last step is out of the question. */
static void go_on(backhand_walk *walk, backhand_step *step)
{
    if (walk->owned) {
        ask_owner(walk, step);
        return;
    }
    if (walk->contact) {
        stay(walk, walk->held, step);
        return;
    }
    walk->passed_over = 1;
    walk->at++;
    follow(walk, step);
}

/* Over a bound of this server or of this process. */
static void end_at_bound(backhand_walk *walk, backhand_reason reason, backhand_step *step)
{
    if (walk->owned) {
        hold_back(walk, reason, step);
    }
    else {
        stay(walk, reason, step);
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
    case BACKHAND_RESULT_ANSWERED:
        answered(walk, step);
        break;
    case BACKHAND_RESULT_LOST:
        fail(step, BACKHAND_OFF_FAILED, BAD_GATEWAY);
        break;
    case BACKHAND_RESULT_TIMED_OUT:
        fail(step, BACKHAND_OFF_FAILED, TIMED_OUT);
        break;
    case BACKHAND_RESULT_GONE:
        fail(step, BACKHAND_ENDED_GONE, CLIENT_GONE);
        break;
    case BACKHAND_RESULT_CLIENT:
    case BACKHAND_RESULT_BODY:
        fail(step, BACKHAND_ENDED_CLIENT, OF_THE_ERROR);
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
            hold_back(walk, BACKHAND_HERE_UNREADY, step);
            break;
        }
        go_on(walk, step);
        break;
    case BACKHAND_RESULT_FAILED:
        go_on(walk, step);
        break;
    }
}
