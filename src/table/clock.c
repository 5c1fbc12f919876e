/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "table/clock.h"

#include <time.h>

/* 0 means never. So 0 must be long ago even on a host that has just been started. */
#define LONG_AGO apr_time_from_sec(1000000000)

static apr_time_t read_clock(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return apr_time_make(t.tv_sec, t.tv_nsec / 1000);
}

apr_time_t backhand_clock_now(void)
{
    return LONG_AGO + read_clock(CLOCK_BOOTTIME);
}

int backhand_clock_cond_init(pthread_cond_t *cond)
{
    pthread_condattr_t monotonic;
    int rc = pthread_condattr_init(&monotonic);
    if (rc == 0) {
        pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
        rc = pthread_cond_init(cond, &monotonic);
        pthread_condattr_destroy(&monotonic);
    }
    return rc;
}

int backhand_clock_cond_wait(pthread_cond_t *cond, pthread_mutex_t *lock, apr_interval_time_t us)
{
    apr_time_t until = read_clock(CLOCK_MONOTONIC) + us;
    struct timespec t = {.tv_sec = (time_t)apr_time_sec(until), .tv_nsec = (long)apr_time_usec(until) * 1000};
    return pthread_cond_timedwait(cond, lock, &t);
}
