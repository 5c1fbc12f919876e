/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file pace.h
 * @brief Measures how much work a request takes while all places are taken. Core: no httpd.
 *
 * A server that is full all the time has no calm requests, so usual.h learns nothing there. But each end of a request
 * then frees a place: the work (stall.h) divided by the ends is the time that a request has a place. A wrong `parallel`
 * does no harm: it is a factor of the work too, so the time until a number of requests has ended is right.
 */
#ifndef BACKHAND_PACE_H
#define BACKHAND_PACE_H

#include "load/stall.h"

/** All zero at first. One process at a time, the one that reads the meter. */
typedef struct backhand_pace {
    int64_t looked; /**< the stall's, at the last look */
    int64_t work;   /**< the same */
    uint64_t ends;  /**< the same */
    double begun;   /**< work since the last end */
    double n;       /**< ends that `usec` is the mean of, about 256 at most */
    double usec;    /**< work of a request, us times requests */
} backhand_pace;

/** Learns from the time since the last look, if all places were taken then. `parallel`: x 1000. */
void backhand_pace_look(backhand_pace *pace, const backhand_stall *stall, int64_t parallel);

/** The mean time that a request has a place, us; 0: fewer than 8 requests have ended while all places were taken. */
double backhand_pace_usec(const backhand_pace *pace);

#endif
