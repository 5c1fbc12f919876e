/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "walk/inside.h"
#include "candidacy/session_id.h"
#include "table/blame.h"

/* Most owners of one request that are given up. After that its list is followed, whoever is in it. */
#define CHAINS_MAX 2
/* A failure noted within this time counts as this request's, whatever BackhandRetry is. */
#define JUST_NOW APR_USEC_PER_SEC

int backhand_walk_has_owner(const backhand_walk *walk)
{
    return walk->candidates->owner > 0 && walk->candidates->n > 0 && walk->chains <= CHAINS_MAX;
}

static int is_owner_lost(const backhand_walk *walk, int id)
{
    apr_interval_time_t retry = walk->rules->retry > JUST_NOW ? walk->rules->retry : JUST_NOW;

    return !backhand_session_lives(walk->table, id, walk->candidates->generation) ||
           backhand_table_refused_lately(walk->table, id, retry);
}

void backhand_walk_hold_back(const backhand_walk *walk, backhand_reason obstacle, backhand_step *step)
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
    backhand_walk_fail(step, BACKHAND_REFUSED_SESSION, BACKHAND_WALK_UNAVAILABLE);
}

void backhand_walk_ask_owner(backhand_walk *walk, backhand_step *step)
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
        backhand_walk_hold_back(walk, BACKHAND_HERE_FAILED, step);
    }
    else if (!rules->can_ask || rules->unsafe) {
        backhand_walk_hold_back(walk, rules->unsafe ? BACKHAND_HERE_UNSAFE : BACKHAND_HERE_LIMIT, step);
    }
    else if (!backhand_walk_can_send(walk, id, &step->announcement)) {
        backhand_walk_hold_back(walk, walk->coded ? BACKHAND_HERE_CODED : BACKHAND_HERE_NO_TLS, step);
    }
    else {
        backhand_walk_ask(walk, id, step);
        step->chosen = step->owned = step->final = walk->owned = 1;
    }
}
