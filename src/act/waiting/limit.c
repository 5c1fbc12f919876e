/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "act/waiting/limit.h"
#include "host/scoreboard.h"
#include "act/waiting/room.h"
#include "table/process.h"
#include "walk/bounds.h"

#include <ap_mpm.h>

/* By BackhandMaxHandoffs, for the whole server. */
static int64_t wanted(const backhand_config *conf, int64_t threads)
{
    int daemons = 0;

    ap_mpm_query(AP_MPMQ_MAX_DAEMONS, &daemons);
    return backhand_bounds_server(conf->max_handoffs.count, conf->max_handoffs.percent, daemons * threads);
}

static int fits_process(int64_t waiting, int64_t threads)
{
    int async = backhand_scoreboard_async();
    return waiting <= backhand_bounds_process(threads, async) && (!async || backhand_room_left(waiting));
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
    here = backhand_process_wait(process);
    backhand_process_sum(conf->table, NULL, &all);
    if (fits_process(here, threads) && all <= wanted(conf, threads) && backhand_scoreboard_runs_more_than(all)) {
        return 1;
    }
    backhand_limit_leave(conf, process, id);
    return 0;
}

void backhand_limit_leave(const backhand_config *conf, backhand_process *process, int id)
{
    backhand_process_waited(process);
    if (id != 0) {
        backhand_process_serve(conf->table, process, 1);
    }
}
