/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "host/scoreboard.h"

#include <httpd.h>
#include <ap_mpm.h>
#include <scoreboard.h>

/* The size of the scoreboard, and how the MPM waits. */
typedef struct board {
    int daemons; /* 0: there is no scoreboard yet */
    int threads;
    int async; /* the MPM has an event loop: idle connections occupy no worker */
} board;

static board board_get(void)
{
    board b = {0, 0, 0};
    if (!ap_scoreboard_image || ap_mpm_query(AP_MPMQ_HARD_LIMIT_DAEMONS, &b.daemons) != APR_SUCCESS ||
        ap_mpm_query(AP_MPMQ_HARD_LIMIT_THREADS, &b.threads) != APR_SUCCESS) {
        b.daemons = 0;
    }
    /* The limit is 0 for a process a request, where each process has one worker. */
    b.threads = b.threads > 0 ? b.threads : 1;
    b.async = backhand_scoreboard_async();
    return b;
}

static int is_running(int status)
{
    return status != SERVER_DEAD && status != SERVER_STARTING && status != SERVER_IDLE_KILL &&
           status != SERVER_GRACEFUL;
}

static int is_current(const process_score *process)
{
    return process->pid != 0 && process->generation == ap_scoreboard_image->global->running_generation;
}

/* Without an event loop the guard of idle connections (see act/waiting/guard.h) makes an idle one's worker ready at
 * need. */
static int is_ready(const board *b, const process_score *process, int status)
{
    return !process->quiescing && (status == SERVER_READY || (status == SERVER_BUSY_KEEPALIVE && !b->async));
}

int backhand_scoreboard_async(void)
{
    int async = 0;
    return ap_mpm_query(AP_MPMQ_IS_ASYNC, &async) == APR_SUCCESS && async;
}

void backhand_scoreboard_count(int64_t *ready, int64_t *running)
{
    board b = board_get();

    *ready = *running = 0;
    for (int i = 0; i < b.daemons; i++) {
        const process_score *process = &ap_scoreboard_image->parent[i];
        for (int k = 0; is_current(process) && k < b.threads; k++) {
            int status = ap_scoreboard_image->servers[i][k].status;
            *running += is_running(status);
            *ready += is_ready(&b, process, status);
        }
    }
}

/* True when few workers are left, running or to be started. */
int backhand_scoreboard_is_short(void)
{
    board b = board_get();
    int daemons = 0, threads = 0;
    int64_t idle = 0, running = 0, limit;

    ap_mpm_query(AP_MPMQ_MAX_DAEMONS, &daemons);
    ap_mpm_query(AP_MPMQ_MAX_THREADS, &threads);
    limit = (int64_t)daemons * (threads > 0 ? threads : 1);
    for (int i = 0; i < b.daemons; i++) {
        const process_score *process = &ap_scoreboard_image->parent[i];
        for (int k = 0; is_current(process) && k < b.threads; k++) {
            int status = ap_scoreboard_image->servers[i][k].status;
            running += is_running(status);
            idle += status == SERVER_READY && !process->quiescing;
        }
    }
    return idle < 2 || (limit - running + idle) * 2 < limit;
}

int backhand_scoreboard_runs_more_than(int64_t n)
{
    board b = board_get();

    for (int i = 0; i < b.daemons; i++) {
        const process_score *process = &ap_scoreboard_image->parent[i];
        for (int k = 0; is_current(process) && k < b.threads; k++) {
            n -= is_running(ap_scoreboard_image->servers[i][k].status);
            if (n < 0) {
                return 1;
            }
        }
    }
    return 0;
}

int backhand_scoreboard_accepts(void)
{
    board b = board_get();

    for (int i = 0; i < b.daemons; i++) {
        const process_score *process = &ap_scoreboard_image->parent[i];
        if (!is_current(process) || process->quiescing) {
            continue;
        }
        for (int k = 0; k < b.threads; k++) {
            if (ap_scoreboard_image->servers[i][k].status == SERVER_READY) {
                return 1;
            }
        }
    }
    return 0;
}
