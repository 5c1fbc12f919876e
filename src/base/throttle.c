/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "base/throttle.h"

int backhand_throttle(int64_t *last, int64_t now, int64_t period)
{
    int64_t before = __atomic_load_n(last, __ATOMIC_RELAXED);
    if (before && before <= now && now - before <= period) {
        return 0;
    }
    return __atomic_compare_exchange_n(last, &before, now, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}
