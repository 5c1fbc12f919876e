/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file html_plot.h
 * @brief A small curve of one figure of a server over the last minutes, as SVG.
 */
#ifndef BACKHAND_STATUS_HTML_PLOT_H
#define BACKHAND_STATUS_HTML_PLOT_H

#include "table/history.h"

#include <httpd.h>

/** Writes the curve. It begins at 0 and ends at `most`, the largest sample of all curves of the column. */
void backhand_html_plot(request_rec *r, const int32_t samples[BACKHAND_HISTORY_LENGTH], int32_t most);

/** The largest of the samples and `most`. */
int32_t backhand_html_most(const int32_t samples[BACKHAND_HISTORY_LENGTH], int32_t most);

#endif
