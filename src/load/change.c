/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "load/change.h"

#include <math.h>

#define SLOWER  3   /* samples that may tell that a server is slower */
#define FASTER  12  /* and that it is faster */
#define FINE    8   /* numbers of samples up to this are all looked at, */
#define COARSER 1.2 /* and then each that is so many times the one before */
#define SURE    3.5 /* standard errors */
#define ROUNDS  3   /* changes that are found one after the other */

/* How many standard errors the newest k are above those before them. */
static double errors_apart(const double *sums, int n, int k, double spread)
{
    int before = n - k, most = 4 * k + 32;

    before = before < most ? before : most;
    return (sums[k] / k - (sums[k + before] - sums[k]) / before) / (spread * sqrt(1.0 / k + 1.0 / before));
}

/* @return where the clearest change is; 0: there is none */
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
