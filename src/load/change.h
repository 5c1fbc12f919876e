/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file change.h
 * @brief How many of the newest samples are of the server as it is now. Core: no httpd; pure.
 */
#ifndef BACKHAND_CHANGE_H
#define BACKHAND_CHANGE_H

/** Samples that are looked at, at most. */
#define BACKHAND_SAMPLES 1024

/**
 * Compares the newest k samples with those before them, for many k. Where the two means differ by more than chance
 * makes them, the server has changed, and only the newest k count. Three of them may say that it has become slower;
 * twelve are needed to say that it is faster, which a trial says sooner.
 * @param x       samples, newest first: logarithms of durations, less what is usual
 * @param spread  their standard deviation
 * @return how many of the newest count, up to `n`
 */
int backhand_change_find(const double *x, int n, double spread);

#endif
