/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file change.h
 * @brief Finds the samples that describe the server as it is now: those after its last change of speed. Core: no httpd;
 * pure.
 */
#ifndef BACKHAND_CHANGE_H
#define BACKHAND_CHANGE_H

/** The most samples that can be compared. */
#define BACKHAND_SAMPLES 1024

/**
 * Compares the newest k samples with the samples before them, for many k. If the two means differ by more than chance
 * explains, the server has changed, and only the newest k samples count. Three samples are enough to find that the
 * server became slower. Twelve are needed to find that it became faster; a trial (trial.h) shows that sooner.
 * @param x       samples, newest first: ln(duration) minus ln(usual duration)
 * @param n       their number, 0 to BACKHAND_SAMPLES
 * @param spread  their standard deviation, more than 0
 * @return how many of the newest samples count, up to `n`
 */
int backhand_change_find(const double *x, int n, double spread);

#endif
