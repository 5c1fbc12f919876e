/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "candidacy/wait.h"

#include "candidacy/estimate.h"
#include "table/duty.h"

#include <math.h>

#define MOST 8

static int can_be_asked(const backhand_table *table, int id, apr_time_t now)
{
    return id == 0 || (!backhand_table_passed_over(table, id) && backhand_table_usable(table, id, UINT64_MAX) &&
                       !backhand_table_older_at(table, id, SERVER_TIMEOUT, now));
}

static int estimate_all(backhand_estimate of[MOST], const backhand_table *table, const ServerSlot *list, int n,
                        apr_time_t now)
{
    int known = 0;
    for (int i = 0; i < n && known < MOST; i++) {
        if (can_be_asked(table, list[i].id, now)) {
            backhand_estimate_make(&of[known++], table, list[i].id, now);
        }
    }
    if (known == 0) {
        backhand_estimate_make(&of[known++], table, 0, now);
    }
    return known;
}

apr_interval_time_t backhand_wait_least(const backhand_table *table, const ServerSlot *list, int n, apr_time_t now)
{
    backhand_estimate of[MOST];
    int known = estimate_all(of, table, list, n, now);
    const backhand_estimate *reference = backhand_estimate_reference(of, known);
    double least = HUGE_VAL;

    if (reference->service <= 0) {
        return 0;
    }
    for (int i = 0; i < known; i++) {
        double usec = backhand_estimate_times(&of[i], reference) * of[i].stall * reference->service *
                      backhand_estimate_queue(&of[i]);
        least = fmin(least, usec);
    }
    return least < (double)apr_time_from_sec(3600) ? (apr_interval_time_t)least : apr_time_from_sec(3600);
}
