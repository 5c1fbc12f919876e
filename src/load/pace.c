/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "load/pace.h"

#define MEMORY 256  /* ends that the mean remembers */
#define FEW    8    /* the fewest ends that show the pace */
#define FULL   0.95 /* the least work of a time when all places are taken, as a share of what is possible */

void backhand_pace_look(backhand_pace *pace, const backhand_stall *stall, int64_t parallel)
{
    int64_t looked = __atomic_load_n(&stall->looked, __ATOMIC_RELAXED);
    int64_t work = __atomic_load_n(&stall->work, __ATOMIC_RELAXED);
    uint64_t ends = __atomic_load_n(&stall->ends, __ATOMIC_RELAXED);
    double passed = (double)looked - (double)pace->looked, worked = (double)work - (double)pace->work;
    double ended = (double)(ends - pace->ends);

    if (pace->looked > 0 && passed > 0 && worked >= FULL * passed * (double)parallel / 1000) {
        /* Work before the first end counts too: the first requests to end are short ones. */
        pace->begun += worked;
        if (ended > 0) {
            pace->n = pace->n + ended < MEMORY ? pace->n + ended : ended < MEMORY ? MEMORY : ended;
            pace->usec += (pace->begun - ended * pace->usec) / pace->n;
            pace->begun = 0;
        }
    }
    else {
        pace->begun = 0;
    }
    pace->looked = looked;
    pace->work = work;
    pace->ends = ends;
}

double backhand_pace_usec(const backhand_pace *pace)
{
    return pace->n < FEW ? 0 : pace->usec;
}
