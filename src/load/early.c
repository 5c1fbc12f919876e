/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "load/early.h"

#define PAUSE        20000 /* us, the shortest time between two announcements */
#define PAUSE_SERVER 1000  /* us for each server of the farm, if that is longer: all servers read each announcement */
#define AGAIN        0.75  /* a server stays full until its requests in flight fall to this share of its places */

int backhand_early_due(backhand_early *early, const backhand_meter *meter, int64_t now, int64_t announced, int servers)
{
    int64_t parallel = backhand_meter_parallel(meter), inflight = 1000 * backhand_meter_inflight(meter), pause = PAUSE;
    int full = early->full ? (double)inflight > AGAIN * (double)parallel : inflight >= parallel;

    if (full != early->full) {
        early->full = full;
        early->news = 1;
    }
    if (PAUSE_SERVER * (int64_t)servers > pause) {
        pause = PAUSE_SERVER * (int64_t)servers;
    }
    return (now - announced >= pause || now < announced) &&
           (early->news || __atomic_load_n(&meter->trials.recovered, __ATOMIC_RELAXED));
}

void backhand_early_done(backhand_early *early)
{
    early->news = 0;
}
