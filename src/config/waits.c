/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "config/waits.h"
#include "walk/bounds.h"

#include <ap_mpm.h>

int64_t backhand_waits_workers(void)
{
    int threads = 0, daemons = 0;

    ap_mpm_query(AP_MPMQ_MAX_THREADS, &threads);
    ap_mpm_query(AP_MPMQ_MAX_DAEMONS, &daemons);
    return (int64_t)daemons * (threads > 0 ? threads : 1);
}

int64_t backhand_waits_bound(const backhand_config *conf, backhand_wait kind, int owned)
{
    const backhand_share *share = kind == BACKHAND_WAIT_TUNNEL ? &conf->max_tunnels : &conf->max_handoffs;
    const backhand_share *sessions = &conf->max_session_handoffs;
    int64_t workers = backhand_waits_workers();
    int64_t all = backhand_bounds_server(share->count, share->percent, workers);
    int64_t theirs = backhand_bounds_server(sessions->count, sessions->percent, workers);

    return owned && kind == BACKHAND_WAIT_ANSWER && all > 0 && all < theirs ? theirs : all;
}
