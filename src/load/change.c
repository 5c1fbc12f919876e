/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "load/change.h"

#include <math.h>

#define SLOWER  3   /* samples needed to find that a server became slower */
#define FASTER  12  /* samples needed to find that it became faster */
#define FINE    8   /* every k up to this is tried */
#define COARSER 1.2 /* beyond FINE: factor from one k to the next */
#define SURE    3.5 /* standard errors between two means that are taken for a change */
#define ROUNDS  3   /* most changes that are found, each among the samples after the one before */

/* How many standard errors the mean of the newest k samples is above the mean of the samples before them. Compares with
 * 4k + 32 earlier samples at most. */
static double errors_apart(const double *sums, int n, int k, double spread)
{
    int before = n - k, most = 4 * k + 32;

    before = before < most ? before : most;
    return (sums[k] / k - (sums[k + before] - sums[k]) / before) / (spread * sqrt(1.0 / k + 1.0 / before));
}

/* @return the number of samples since the clearest change; 0: there was none */
static int clearest(const double *sums, int n, double spread)
{
    double sure = SURE;
    int found = 0;

    for (int k = SLOWER; k < n - 2; k = k < FINE ? k + 1 : (int)(k * COARSER)) {
        double apart = errors_apart(sums, n, k, spread);
        if (apart < 0 && k < FASTER) {
            continue;
        }
        if (fabs(apart) > sure) {
            sure = fabs(apart);
            found = k;
        }
    }
    return found;
}

int backhand_change_find(const double *x, int n, double spread)
{
    double sums[BACKHAND_SAMPLES + 1] = {0};

    for (int i = 0; i < n; i++) {
        sums[i + 1] = sums[i] + x[i];
    }
    for (int round = 0; round < ROUNDS; round++) {
        int k = clearest(sums, n, spread);
        if (k == 0) {
            break;
        }
        n = k;
    }
    return n;
}
