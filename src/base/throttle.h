/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file throttle.h
 * @brief Keeps the log readable: one line for each period and condition. Core: no httpd.
 */
#ifndef BACKHAND_BASE_THROTTLE_H
#define BACKHAND_BASE_THROTTLE_H

#include <stdint.h>

/**
 * True when nothing was logged for longer than `period`; then `last` becomes `now`. True as well when `now` is before
 * `last`. Of several callers at the same time one gets true. Any thread or process may call.
 * @param last  when the last line was logged, of the same clock as `now`; 0: never. May be in shared memory
 */
int backhand_throttle(int64_t *last, int64_t now, int64_t period);

#endif
