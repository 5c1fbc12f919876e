/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "act/waiting/limit.h"
#include "host/scoreboard.h"
#include "act/waiting/room.h"
#include "table/clock.h"
#include "table/process.h"
#include "walk/bounds.h"

#include <ap_mpm.h>

/* httpd looks once a second whether it should start workers. */
#define GROWTH apr_time_from_sec(2)
#define PAUSE  apr_time_from_msec(10)

/* By BackhandMaxHandoffs and BackhandMaxSessionHandoffs, for the whole server. */
static int64_t wanted(const backhand_config *conf, int64_t workers, int owned)
{
    int64_t all = backhand_bounds_server(conf->max_handoffs.count, conf->max_handoffs.percent, workers);
    int64_t sessions =
        backhand_bounds_server(conf->max_session_handoffs.count, conf->max_session_handoffs.percent, workers);

    return owned && all > 0 && all < sessions ? sessions : all;
}

static int fits_process(int64_t waiting, int64_t threads)
{
    int async = backhand_scoreboard_async();
    return waiting <= backhand_bounds_process(threads, async) && (!async || backhand_room_left(waiting));
}

/* @return 0: over a bound, nothing has changed. `grows`: only over the number of workers that run, and httpd may start
 * further ones */
static int enter(const backhand_config *conf, backhand_process *process, int id, int owned, int *grows)
{
    int threads = 0, daemons = 0, within;
    int64_t here, all, workers;

    ap_mpm_query(AP_MPMQ_MAX_THREADS, &threads);
    ap_mpm_query(AP_MPMQ_MAX_DAEMONS, &daemons);
    threads = threads > 0 ? threads : 1;
    workers = (int64_t)daemons * threads;
    if (id != 0) {
        backhand_process_serve(conf->table, process, -1);
    }
    /* Counted first and looked at then: of two at the same moment at least one sees both. And before the slot's
     * `sent`, as its `returned` is counted before backhand_limit_leave(): see backhand_table_settle(). */
    here = backhand_process_wait(process);
    backhand_process_sum(conf->table, NULL, &all);
    within = fits_process(here, threads) && all <= wanted(conf, workers, owned);
    if (within && backhand_scoreboard_runs_more_than(all)) {
        return 1;
    }
    backhand_limit_leave(conf, process, id);
    *grows = within && all < workers;
    return 0;
}

static int is_one_left(const backhand_config *conf)
{
    int64_t all;
    backhand_process_sum(conf->table, NULL, &all);
    return backhand_scoreboard_runs_more_than(all + 1);
}

int backhand_limit_enter(const backhand_config *conf, backhand_process *process, int id, int owned)
{
    int grows = 0;
    int entered = enter(conf, process, id, owned, &grows);
    apr_time_t end = backhand_clock_now() + GROWTH;

    while (!entered && owned && grows && backhand_clock_now() < end) {
        apr_sleep(PAUSE);
        entered = is_one_left(conf) && enter(conf, process, id, owned, &grows);
    }
    return entered;
}

void backhand_limit_leave(const backhand_config *conf, backhand_process *process, int id)
{
    backhand_process_waited(process);
    if (id != 0) {
        backhand_process_serve(conf->table, process, 1);
    }
}
