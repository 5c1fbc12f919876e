/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file throttle.h
 * @brief Limits log lines: at most one line in a period for one condition. Core: no httpd.
 */
#ifndef BACKHAND_BASE_THROTTLE_H
#define BACKHAND_BASE_THROTTLE_H

#include <stdint.h>

/**
 * True when nothing was logged for longer than `period`, or when `now` is before `last`; then `last` becomes `now`. Of
 * several callers at the same time only one gets true. Any thread or process may call.
 * @param last  when the last line was logged, by the same clock as `now`; 0: never. May be in shared memory
 */
int backhand_throttle(int64_t *last, int64_t now, int64_t period);

#endif
