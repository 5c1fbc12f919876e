/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file checker.h
 * @brief The process that makes the checks of BackhandCheck, a child of the moderator.
 *
 * It runs as httpd's user, makes one check after the other, and tells the moderator how each ended. It ends when the
 * moderator has ended, whatever ended that, and kills the program that it runs then. All functions: the moderator.
 */
#ifndef BACKHAND_CHECKER_H
#define BACKHAND_CHECKER_H

#include "announce/check/check.h"

#include <httpd.h>

/** The moderator's side of it. */
typedef struct backhand_checker {
    backhand_check check; /**< the URL complete */
    uint64_t token;       /**< of BACKHAND_CHECK_HEADER */
    pid_t pid;            /**< 0: it does not run */
    int link;             /**< to it; -1: none */
    apr_time_t started;   /**< us, backhand_clock_now() */
    int failed;           /**< 1: it could not be started, and the log says so */
} backhand_checker;

/**
 * Makes the checker ready; the first backhand_checker_take() starts the process.
 * @param port  where requests for a path go, if httpd listens there; else the first port that it listens on
 * @param host  the Host header of requests for a path
 */
void backhand_checker_init(backhand_checker *checker, const backhand_check *check, int https, int port,
                           const char *host, apr_pool_t *p);

/**
 * Takes the next result. Starts the process when there is none; one that ends is started again, once a second at most.
 * Never waits.
 * @param why  how the check ended, see health.h
 * @return 1: there was a result
 */
int backhand_checker_take(backhand_checker *checker, server_rec *s, int *why);

#endif
