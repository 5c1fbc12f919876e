/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "walk/bounds.h"

int64_t backhand_bounds_server(int64_t fixed, double percent, int64_t workers)
{
    int64_t limit;

    if (fixed >= 0) {
        return fixed;
    }
    limit = (int64_t)((double)workers * percent / 100);
    /* Rounding down must not turn hand-offs off for a small server. With one worker no worker would be left to
     * serve. */
    return limit == 0 && percent > 0 && workers > 1 ? 1 : limit;
}

int backhand_bounds_leave_one(int64_t waiting, int64_t running)
{
    return waiting < running;
}

int64_t backhand_bounds_process(int64_t threads, int async)
{
    return threads == 1 && !async ? BACKHAND_BOUNDS_NONE : threads - 1;
}
