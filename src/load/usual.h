/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file usual.h
 * @brief How long requests usually take this server, learnt from those that met no contention.
 *
 * Only such *calm* requests teach it. A duration under contention is never divided by it to learn from it: then what
 * is usual and how many go at once would drift together. Speeds are compared by the mean of the logarithms, on which a
 * few very long requests have little weight; times are told by the arithmetic mean. Core: no httpd; one process at a
 * time, the reader of the meter; all zero at first.
 */
#ifndef BACKHAND_USUAL_H
#define BACKHAND_USUAL_H

typedef struct backhand_usual {
    double count;    /**< calm requests so far */
    double log;      /**< mean of ln(us) */
    double variance; /**< of ln(us); see backhand_usual_spread() */
    double mean;     /**< us, as they are now: requests that take eight times as long count as that */
    double steady;   /**< us, mean without the present slowness */
    double square;   /**< mean square of the same, us^2 */
} backhand_usual;

/** A calm request has taken exp(log) us. `slowness`: by how much the server is slower than usual now, in the logarithm;
 * what is known of it, 0 or more. */
void backhand_usual_learn(backhand_usual *usual, double log, double slowness);

/** The standard deviation of ln(us), 0.5 or more. */
double backhand_usual_spread(const backhand_usual *usual);

/** The square of the coefficient of variation, 1 to 20. */
double backhand_usual_variation(const backhand_usual *usual);

#endif
