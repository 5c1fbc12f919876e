/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file concurrency.h
 * @brief Learns `parallel`: how many requests a server serves at once before each of them takes longer.
 *
 * The *level* of a request is the number of requests that were being served when it came, including itself. The meter
 * keeps one mean of ln(duration) for each level; high levels that hardly differ share one. This mean is the same for
 * all low levels and rises from some level on. `parallel` is the level where it begins to rise. It rises by the
 * logarithm of the contention where requests share CPUs, and more steeply where they wait for workers. Only newer
 * requests of the same level replace what is known of a level. If it expired with time, a server that is always busy
 * would forget how long calm requests take. Core: no httpd; one process at a time; all zero at first.
 */
#ifndef BACKHAND_CONCURRENCY_H
#define BACKHAND_CONCURRENCY_H

/** Entries: one for each level from 1 to 16, then one for each group of levels. */
#define BACKHAND_CONCURRENCY_LEVELS 48
/** The value of `parallel` until the server has learnt a better one. */
#define BACKHAND_PARALLEL_FIRST 4

typedef struct backhand_concurrency_level {
    double weight; /**< requests seen, up to 1024 */
    double log;    /**< mean of ln(duration in us) */
} backhand_concurrency_level;

/** The result of backhand_concurrency_fit(). */
typedef struct backhand_concurrency {
    double requests; /**< `parallel`, 1 or more */
    int knee; /**< 1: requests at higher levels were seen to take longer; 0: `requests` is only the highest level seen,
                 or the first guess */
} backhand_concurrency;

/** Learns from a request of `level`, 1 or more, that took exp(log) us. */
void backhand_concurrency_learn(backhand_concurrency_level levels[BACKHAND_CONCURRENCY_LEVELS], int level, double log);

/** Estimates `parallel`: the largest number that explains the durations about as well as the best one. `variance`: of
 * ln(duration in us) among requests of one level, more than 0. */
void backhand_concurrency_fit(backhand_concurrency *out,
                              const backhand_concurrency_level levels[BACKHAND_CONCURRENCY_LEVELS], double variance);

#endif
