/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "announce/scoreboard.h"

#include <httpd.h>
#include <ap_mpm.h>
#include <scoreboard.h>

static int is_running(int status)
{
    return status != SERVER_DEAD && status != SERVER_STARTING && status != SERVER_IDLE_KILL &&
           status != SERVER_GRACEFUL;
}

void backhand_scoreboard_count(int64_t *ready, int64_t *running)
{
    int daemons = 0, threads = 0, i, k;
    *ready = *running = 0;
    if (!ap_scoreboard_image || ap_mpm_query(AP_MPMQ_HARD_LIMIT_DAEMONS, &daemons) != APR_SUCCESS ||
        ap_mpm_query(AP_MPMQ_HARD_LIMIT_THREADS, &threads) != APR_SUCCESS) {
        return;
    }
    for (i = 0; i < daemons; i++) {
        const process_score *process = &ap_scoreboard_image->parent[i];
        if (process->pid == 0 || process->generation != ap_scoreboard_image->global->running_generation) {
            continue;
        }
        /* The limit is 0 for a process a request, where each process has one worker. */
        for (k = 0; k < (threads > 0 ? threads : 1); k++) {
            int status = ap_scoreboard_image->servers[i][k].status;
            *running += is_running(status);
            *ready += status == SERVER_READY && !process->quiescing;
        }
    }
}
