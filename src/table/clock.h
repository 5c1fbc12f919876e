/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file clock.h
 * @brief The two clocks. Core: no httpd. Any process, any thread.
 *
 * Times that stay on this host are of backhand_clock_now(), which nobody can set. All processes see the same clock, so
 * its times may stand in shared memory. The wall clock, apr_time_now(), is for times that travel to other servers, and
 * for times that people and policies read. Somebody may set it, so a difference of two of its times may be anything.
 */
#ifndef BACKHAND_CLOCK_H
#define BACKHAND_CLOCK_H

#include <apr_time.h>
#include <pthread.h>

/** us since an unknown moment long before this host was started, including the time that it slept. Never goes back,
 * never steps. A signal handler may call it. It is so large that 0, which means "never", is always long ago. */
apr_time_t backhand_clock_now(void);

/** Prepares a condition whose waits are timed by a clock that nobody can set.
 * @return 0 or an error of pthread_cond_init() */
int backhand_clock_cond_init(pthread_cond_t *cond);

/** Waits for at most `us`, under the lock. @return 0, or ETIMEDOUT */
int backhand_clock_cond_wait(pthread_cond_t *cond, pthread_mutex_t *lock, apr_interval_time_t us);

#endif
