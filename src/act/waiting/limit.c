/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "act/waiting/limit.h"
#include "host/scoreboard.h"
#include "act/waiting/room.h"

#include <ap_mpm.h>

/* Of the directive, for the whole server. */
static int64_t wanted(const backhand_config *conf, int64_t threads)
{
    int daemons = 0;
    int64_t workers, limit;

    if (conf->max_handoffs >= 0) {
        return conf->max_handoffs;
    }
    ap_mpm_query(AP_MPMQ_MAX_DAEMONS, &daemons);
    workers = daemons * threads;
    limit = workers * conf->max_handoffs_percent / 100;
    /* Rounding down must not turn hand-offs off for a small server; with one worker nobody would be left to serve. */
    return limit == 0 && conf->max_handoffs_percent > 0 && workers > 1 ? 1 : limit;
}

/* Event binds a kept connection to a process: only a thread of that process serves the next request there. The other
 * MPMs bind it to a thread, which waits for nothing else. */
static int fits_process(int64_t waiting, int64_t threads)
{
    if (backhand_scoreboard_async()) {
        return waiting < threads && backhand_room_left(waiting);
    }
    return threads == 1 || waiting < threads;
}

int backhand_limit_enter(const backhand_config *conf, backhand_process *process, int id)
{
    int threads = 0;
    int64_t here, all;

    ap_mpm_query(AP_MPMQ_MAX_THREADS, &threads);
    threads = threads > 0 ? threads : 1;
    if (id != 0) {
        backhand_process_serve(conf->table, process, -1);
    }
    /* Counted first and looked at then: of two at the same moment at least one sees both. And before the slot's
     * `sent`, as its `returned` is counted before backhand_limit_leave(): see backhand_table_settle(). */
    here = __atomic_add_fetch(&process->waiting, 1, __ATOMIC_SEQ_CST);
    backhand_process_sum(conf->table, NULL, &all);
    if (fits_process(here, threads) && all <= wanted(conf, threads) && backhand_scoreboard_runs_more_than(all)) {
        return 1;
    }
    backhand_limit_leave(conf, process, id);
    return 0;
}

void backhand_limit_leave(const backhand_config *conf, backhand_process *process, int id)
{
    __atomic_sub_fetch(&process->waiting, 1, __ATOMIC_RELEASE);
    if (id != 0) {
        backhand_process_serve(conf->table, process, 1);
    }
}
