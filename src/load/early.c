/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "load/early.h"

#define PAUSE        20000 /* us between two announcements, at least */
#define PAUSE_SERVER 1000  /* and for each server of the farm, which all have to read them */
#define AGAIN        0.75  /* of its places: who was full and has no more requests than this has free places again */

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
