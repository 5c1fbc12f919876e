/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file usual.h
 * @brief Learns how long a request usually takes on this server, from requests without contention.
 *
 * Requests without contention are called *calm*. Durations under contention are not used, not even divided by the
 * contention: the estimates of the usual duration and of `parallel` would then influence each other and drift. The mean
 * of the logarithms serves to compare speeds, because a few very long requests hardly change it. The arithmetic mean
 * serves to estimate times. Core: no httpd; one process at a time, the one that reads the meter; all zero at first.
 */
#ifndef BACKHAND_USUAL_H
#define BACKHAND_USUAL_H

typedef struct backhand_usual {
    double count;    /**< calm requests so far */
    double log;      /**< mean of ln(duration in us) */
    double variance; /**< of ln(duration in us); see backhand_usual_spread() */
    double mean;     /**< mean duration at the present speed, us; a request counts as at most eight times the mean */
    double steady;   /**< mean duration at the usual speed, us: the present slowness is taken out */
    double square;   /**< mean square of the same durations as `steady`, us^2 */
} backhand_usual;

/** Learns from a calm request that took exp(log) us. `slowness`: ln of the factor by which the server is slower than
 * usual now; below 0 counts as 0. */
void backhand_usual_learn(backhand_usual *usual, double log, double slowness);

/** The standard deviation of ln(duration in us), 0.5 or more. */
double backhand_usual_spread(const backhand_usual *usual);

/** The square of the durations' coefficient of variation, 1 to 20. */
double backhand_usual_variation(const backhand_usual *usual);

#endif
