/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "act/waiting/limit.h"
#include "host/scoreboard.h"
#include "act/waiting/room.h"
#include "config/waits.h"
#include "table/clock.h"
#include "table/process.h"
#include "walk/bounds.h"

#include <ap_mpm.h>

/* httpd checks once a second whether to start workers; this is time for two checks. */
#define GROWTH apr_time_from_sec(2)
#define PAUSE  apr_time_from_msec(10)

static int fits_process(int64_t waiting, int64_t threads)
{
    int async = backhand_scoreboard_async();
    return waiting <= backhand_bounds_process(threads, async) && (!async || backhand_room_left(waiting));
}

/* Sets `grows` when only too few workers run, and httpd can start more. */
static backhand_walk_result enter(const backhand_config *conf, backhand_process *process, int id, backhand_wait kind,
                                  int owned, int *grows)
{
    backhand_walk_result over = BACKHAND_RESULT_NONE;
    int threads = 0;
    int64_t here, all;

    ap_mpm_query(AP_MPMQ_MAX_THREADS, &threads);
    threads = threads > 0 ? threads : 1;
    *grows = 0;
    if (id != 0) {
        backhand_process_serve(conf->table, process, -1);
    }
    /* Counts first and compares then: of two requests that enter at the same time, at least one sees both. This count
     * also precedes the slot's `sent`, and the slot's `returned` precedes backhand_limit_leave(): see
     * backhand_table_settle(). */
    here = backhand_process_wait(process, kind);
    backhand_process_sum(conf->table, NULL, &all);
    if (backhand_process_sum_waiting(conf->table, kind) > backhand_waits_bound(conf, kind, owned)) {
        over = kind == BACKHAND_WAIT_TUNNEL ? BACKHAND_RESULT_TUNNELS : BACKHAND_RESULT_LIMIT;
    }
    else if (!fits_process(here, threads)) {
        over = BACKHAND_RESULT_LIMIT;
    }
    else if (!backhand_scoreboard_runs_more_than(all)) {
        over = BACKHAND_RESULT_LIMIT;
        *grows = all < backhand_waits_workers();
    }
    if (over != BACKHAND_RESULT_NONE) {
        backhand_limit_leave(conf, process, id, kind);
    }
    return over;
}

static int is_one_left(const backhand_config *conf)
{
    int64_t all;
    backhand_process_sum(conf->table, NULL, &all);
    return backhand_scoreboard_runs_more_than(all + 1);
}

backhand_walk_result backhand_limit_enter(const backhand_config *conf, backhand_process *process, int id,
                                          backhand_wait kind, int owned)
{
    int grows = 0;
    backhand_walk_result over = enter(conf, process, id, kind, owned, &grows);
    apr_time_t end = backhand_clock_now() + GROWTH;

    while (over != BACKHAND_RESULT_NONE && owned && grows && backhand_clock_now() < end) {
        apr_sleep(PAUSE);
        if (is_one_left(conf)) {
            over = enter(conf, process, id, kind, owned, &grows);
        }
    }
    return over;
}

void backhand_limit_leave(const backhand_config *conf, backhand_process *process, int id, backhand_wait kind)
{
    backhand_process_waited(process, kind);
    if (id != 0) {
        backhand_process_serve(conf->table, process, 1);
    }
}
