/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file early.h
 * @brief When a server announces itself before its time: it has no free place any more, has one again, or has
 * recovered. Core: no httpd.
 */
#ifndef BACKHAND_EARLY_H
#define BACKHAND_EARLY_H

#include "load/meter.h"

/** How often a server that serves requests looks whether it has to, us. */
#define BACKHAND_EARLY_LOOK 10000

/** The moderator's. All zero at first. */
typedef struct backhand_early {
    int full; /**< it had no free place when it looked last */
    int news; /**< that is not what it announced last */
} backhand_early;

/**
 * Looks at the meter. At the earliest max(20 ms, 1 ms for each server) after the last announcement; with an interval no
 * longer than that, never.
 * @param now        us, of any clock
 * @param announced  when this server announced itself last, by the same clock
 * @param servers    in the farm
 * @return 1 when it is time to announce it
 */
int backhand_early_due(backhand_early *early, const backhand_meter *meter, int64_t now, int64_t announced, int servers);

/** It has announced itself. */
void backhand_early_done(backhand_early *early);

#endif
