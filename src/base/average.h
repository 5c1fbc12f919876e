/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file average.h
 * @brief Exponential moving averages: each new value moves them by an eighth of the difference. Core: no httpd.
 */
#ifndef BACKHAND_BASE_AVERAGE_H
#define BACKHAND_BASE_AVERAGE_H

#include <stdint.h>

/** The average after one more value. */
int64_t backhand_average_add(int64_t average, int64_t value);

/** The same for durations; an average of 0 means that there was none yet. @return 1 or more */
int64_t backhand_average_add_time(int64_t average, int64_t usec);

#endif
