/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "act/session_count.h"
#include "table/counters.h"

/* @return the counter; BACKHAND_COUNTERS: none */
static backhand_counter counter_of(const backhand_candidates *candidates, const backhand_step *end)
{
    if (end->kind == BACKHAND_STEP_FAIL) {
        return end->reason == BACKHAND_REFUSED_SESSION ? BACKHAND_COUNT_SESSION_REFUSED : BACKHAND_COUNTERS;
    }
    if (candidates->lost.port) {
        return BACKHAND_COUNT_SESSION_LOST;
    }
    if (candidates->owner == 0) {
        return BACKHAND_COUNT_SESSION_HERE;
    }
    if (candidates->owner < 0) {
        return BACKHAND_COUNTERS;
    }
    return end->kind == BACKHAND_STEP_REDIRECT ? BACKHAND_COUNT_SESSION_REDIRECTED : BACKHAND_COUNT_SESSION_ELSEWHERE;
}

void backhand_session_count(backhand_table *table, const backhand_candidates *candidates, const backhand_step *end)
{
    backhand_counter counter = counter_of(candidates, end);

    if (counter != BACKHAND_COUNTERS) {
        backhand_table_count(table, counter);
    }
}
