/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file report_text.h
 * @brief A report as text, `inflight=3&service=11800&...`. Core: no httpd.
 */
#ifndef BACKHAND_REPORT_TEXT_H
#define BACKHAND_REPORT_TEXT_H

#include "figures/figures.h"

/** Room for the longest text that is written, with its NUL. Longer texts are not read. */
#define BACKHAND_REPORT_SIZE 200

/** Writes the figures that come by a response, and `usec`, each brought into its range. */
void backhand_report_write(char out[BACKHAND_REPORT_SIZE], const backhand_work *work, int64_t usec);

/**
 * Reads it. Skips unknown keys. Each known key must be there once, as a whole number of digits in its range; those by a
 * newer response may be missing, or above their range, and are brought into it. All other figures become the least.
 * @return 1, or 0: malformed, too long, or a figure is missing or out of range
 */
int backhand_report_read(backhand_work *work, int64_t *usec, const char *text);

#endif
