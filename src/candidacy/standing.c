/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "candidacy/standing.h"
#include "candidacy/decide.h"
#include "candidacy/pick.h"

#include <math.h>

/* The duration of a request that has a free place, us. */
static double idle_time(const backhand_estimate *of, const backhand_estimate *reference)
{
    return backhand_estimate_times(of, reference) * of->stall * of->burden * backhand_estimate_usual(reference) +
           of->hop;
}

/* The duration of a typical request at a server that is `times` times as slow as the reference. @return us; 0: unknown
 */
static int64_t seems(const backhand_estimate *reference, double times)
{
    double usec = reference->samples > 0 ? reference->typical * times : 0;
    return usec < INT32_MAX ? (int64_t)usec : INT32_MAX;
}

void backhand_standing_look(backhand_table *table)
{
    backhand_meter *meter = backhand_table_meter(table);
    apr_time_t now = backhand_table_now(table);
    backhand_estimate of[BACKHAND_PICK_MOST + 1];
    const backhand_estimate *reference;
    int ids[BACKHAND_PICK_MOST], n = backhand_pick_any(table, ids, BACKHAND_PICK_MOST, now), slower = 0;
    double here, best = HUGE_VAL;

    for (int i = 0; i < n; i++) {
        backhand_estimate_make(&of[i], table, ids[i], now);
    }
    backhand_estimate_make(&of[n], table, 0, now);
    reference = backhand_estimate_reference(of, n + 1);
    here = idle_time(&of[n], reference);
    for (int i = 0; i < n; i++) {
        best = fmin(best, idle_time(&of[i], reference));
    }
    slower = n > 0 && backhand_decide_gains(here, best, here / of[n].burden);
    backhand_number_set(&meter->slower, slower);
    backhand_number_set(&meter->behind, n > 0 ? (int64_t)(1000 * log(here / best)) : 0);
    backhand_number_set(&meter->seems, n > 0 && here > best && of[n].samples < 1 ? seems(reference, here / best) : 0);
}
