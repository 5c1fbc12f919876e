/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "status/html_plot.h"

#include <http_protocol.h>

#define HEIGHT 20

/* A place on the curve, from the top. */
static int height(int32_t sample, int32_t most)
{
    return most > 0 ? HEIGHT - (int)((int64_t)sample * HEIGHT / most) : HEIGHT;
}

/* A line for each run of samples; a gap where there is none. */
static void line(request_rec *r, const int32_t *samples, int32_t most)
{
    int open = 0;
    for (int i = 0; i < BACKHAND_HISTORY_LENGTH; i++) {
        if (samples[i] < 0) {
            open = 0;
        }
        else if (open) {
            ap_rprintf(r, " %d,%d", i, height(samples[i], most));
        }
        else {
            ap_rprintf(r, "M%d,%dh0L%d,%d", i, height(samples[i], most), i, height(samples[i], most));
            open = 1;
        }
    }
}

void backhand_html_plot(request_rec *r, const int32_t samples[BACKHAND_HISTORY_LENGTH], int32_t most)
{
    ap_rprintf(r,
               "<svg class=\"plot\" viewBox=\"0 -1 %d %d\" preserveAspectRatio=\"none\" aria-hidden=\"true\">"
               "<path d=\"",
               BACKHAND_HISTORY_LENGTH - 1, HEIGHT + 2);
    line(r, samples, most);
    ap_rputs("\"/></svg>", r);
}

int32_t backhand_html_most(const int32_t samples[BACKHAND_HISTORY_LENGTH], int32_t most)
{
    for (int i = 0; i < BACKHAND_HISTORY_LENGTH; i++) {
        most = samples[i] > most ? samples[i] : most;
    }
    return most;
}
