/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file report_text.h
 * @brief A report as text, `inflight=3&service=11800&...`. Core: no httpd.
 */
#ifndef BACKHAND_REPORT_TEXT_H
#define BACKHAND_REPORT_TEXT_H

#include "table/handoff.h"

/** Room for the longest text that is written, with its NUL. Longer texts are not read. */
#define BACKHAND_REPORT_SIZE 200

/** Writes inflight, service, parallel, latency and errors of `report`, and `usec`, each brought into its range. */
void backhand_report_write(char out[BACKHAND_REPORT_SIZE], const backhand_report *report, int64_t usec);

/**
 * Reads it. Skips unknown keys. Each known key must be there once, as a whole number of digits: errors up to 1000, the
 * others up to INT32_MAX. `heard`, `outstanding` and `sent` become 0.
 * @return 1, or 0: malformed, too long, or a figure is missing or out of range
 */
int backhand_report_read(backhand_report *report, int64_t *usec, const char *text);

#endif
