/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "sim/clock.h"

/* The table's hook takes no argument. */
static int64_t clock_now;

void sim_clock_set(int64_t now)
{
    clock_now = now;
}

apr_time_t sim_clock_now(void)
{
    return SIM_EPOCH + clock_now;
}
