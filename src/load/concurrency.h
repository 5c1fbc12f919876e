/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file concurrency.h
 * @brief How many requests a server serves at once before each takes longer, learnt from how long they took at each
 * level.
 *
 * The level of a request is how many were being served when it came, itself counted. For each level, or group of levels
 * that hardly differ, the mean of the logarithms of their durations is remembered. Up to some level it is flat, and
 * beyond it rises: by the logarithm of the contention where CPUs are shared, more steeply where requests wait for
 * slots. Where it begins to rise is `parallel`. A level is forgotten only by newer requests of that level: were it
 * forgotten by time, a server that is never calm would lose what it knows of calm ones. Core: no httpd; one process at
 * a time; all zero at first.
 */
#ifndef BACKHAND_CONCURRENCY_H
#define BACKHAND_CONCURRENCY_H

/** Levels 1 to 16, then groups. */
#define BACKHAND_CONCURRENCY_LEVELS 48
/** What is taken for `parallel` as long as nothing speaks against it. */
#define BACKHAND_PARALLEL_FIRST 4

typedef struct backhand_concurrency_level {
    double weight; /**< requests, up to 1024 */
    double log;    /**< mean of ln(us) */
} backhand_concurrency_level;

/** What backhand_concurrency_fit() finds. */
typedef struct backhand_concurrency {
    double requests; /**< 1 or more */
    int knee; /**< more requests at once were seen to take longer; else `requests` is only what was seen, or the first
                 guess */
} backhand_concurrency;

/** A request of that level, 1 or more, has taken exp(log) us. */
void backhand_concurrency_learn(backhand_concurrency_level levels[BACKHAND_CONCURRENCY_LEVELS], int level, double log);

/** Of all numbers that explain the durations about as well as the best does, the largest. `variance`: of ln(us) at one
 * level. */
void backhand_concurrency_fit(backhand_concurrency *out,
                              const backhand_concurrency_level levels[BACKHAND_CONCURRENCY_LEVELS], double variance);

#endif
