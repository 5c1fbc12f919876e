/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file side.h
 * @brief Waiting in the process that makes the checks: until something can be read or written, a program ends, the time
 * is up, or nobody wants the result any more. Core: no httpd.
 */
#ifndef BACKHAND_CHECK_SIDE_H
#define BACKHAND_CHECK_SIDE_H

#include <apr_time.h>

typedef enum backhand_waited {
    BACKHAND_WAITED_READY, /**< the descriptor is ready, or a child process has ended */
    BACKHAND_WAITED_LATE,  /**< the time is up */
    BACKHAND_WAITED_OVER   /**< the other end of `link` is closed, or SIGTERM came: the process shall end */
} backhand_waited;

/** Blocks SIGCHLD and SIGTERM, so that backhand_check_wait() alone sees them. Once a process. */
void backhand_check_signals(void);

/**
 * Waits.
 * @param link    socket whose other end somebody holds as long as the result is wanted; -1: none
 * @param fd      a descriptor; -1: none, wait for a child process
 * @param events  POLLIN or POLLOUT
 * @param until   by backhand_clock_now(), us
 */
backhand_waited backhand_check_wait(int link, int fd, short events, apr_time_t until);

#endif
