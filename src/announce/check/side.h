/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file side.h
 * @brief Waits in the checker: for a descriptor, for the end of a program, for the time limit, or for the end of the
 * moderator. Core: no httpd.
 */
#ifndef BACKHAND_CHECK_SIDE_H
#define BACKHAND_CHECK_SIDE_H

#include <apr_time.h>

typedef enum backhand_waited {
    BACKHAND_WAITED_READY, /**< the descriptor is ready, or a child process has ended */
    BACKHAND_WAITED_LATE,  /**< the time is up */
    BACKHAND_WAITED_OVER   /**< the other end of `link` is closed, or SIGTERM came: this process has to end */
} backhand_waited;

/** Blocks SIGCHLD and SIGTERM, so that only backhand_check_wait() gets them. Call it once in a process. */
void backhand_check_signals(void);

/**
 * Waits until one of the things in backhand_waited happens.
 * @param link    socket whose other end stays open as long as the result is wanted; -1: none
 * @param fd      a descriptor; -1: none, wait for a child process
 * @param events  POLLIN or POLLOUT
 * @param until   by backhand_clock_now(), us
 */
backhand_waited backhand_check_wait(int link, int fd, short events, apr_time_t until);

#endif
