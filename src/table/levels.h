/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file levels.h
 * @brief How many requests a server serves at once without getting slower, learnt from how long they took at each level.
 *
 * The level of a request is how many were being served when it came, itself counted. For each level, or group of levels
 * that hardly differ, it is remembered how long requests took, as a multiple of the service time of meter.h, so that what was
 * learnt stays true when the server gets slower or faster as a whole. By the model of meter.h a request of level q takes
 * max(1, q / parallel) service times. Core: no httpd; one process at a time.
 */
#ifndef BACKHAND_LEVELS_H
#define BACKHAND_LEVELS_H

#include <stdint.h>

/** Levels, or groups of them. */
#define BACKHAND_LEVELS 48

/** What is remembered of requests that came at a level; all zero at first. */
typedef struct backhand_level {
    double weight; /**< how many, the older the less */
    double ratio;  /**< how long they took on the average, in service times */
} backhand_level;

/** Lets all that is remembered weigh a little less. Once a look at new samples. */
void backhand_levels_age(backhand_level levels[BACKHAND_LEVELS]);

/** Adds a request of that level, 1 or more, that took so many service times. */
void backhand_levels_add(backhand_level levels[BACKHAND_LEVELS], int64_t level, double ratio);

/** A better `parallel` than the present one, 1 or more; the present one where no other fits clearly better. */
double backhand_levels_fit(const backhand_level levels[BACKHAND_LEVELS], double parallel);

/** The service time is another: all ratios are `factor` times what they were. */
void backhand_levels_scale(backhand_level levels[BACKHAND_LEVELS], double factor);

#endif
