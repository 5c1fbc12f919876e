/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file checker.h
 * @brief The checker: the process that makes the checks of BackhandCheck, a child of the moderator.
 *
 * The checker runs as httpd's user, makes one check after the other, and sends each result to the moderator. It ends
 * when the moderator ends, however that happens, and kills the program that it runs at that time. Only the moderator
 * calls these functions.
 */
#ifndef BACKHAND_CHECKER_H
#define BACKHAND_CHECKER_H

#include "announce/check/check.h"

#include <httpd.h>

/** The moderator's side of the checker. */
typedef struct backhand_checker {
    backhand_check check; /**< its URL is complete */
    uint64_t token;       /**< the value of BACKHAND_CHECK_HEADER */
    pid_t pid;            /**< 0: the checker does not run */
    int link;             /**< socket to the checker; -1: none */
    apr_time_t started;   /**< time of the last start, us, backhand_clock_now() */
    int failed;           /**< 1: it could not be started, and the log says so */
} backhand_checker;

/**
 * Makes the checker ready; the first backhand_checker_take() starts the process.
 * @param https whether requests for a path go over TLS, if httpd listens on `port`
 * @param port  port for requests for a path; if httpd does not listen on it, its first listener is used instead
 * @param host  the Host header of requests for a path
 */
void backhand_checker_init(backhand_checker *checker, const backhand_check *check, int https, int port,
                           const char *host, apr_pool_t *p);

/**
 * Takes the next result. Starts the checker if it does not run, at most once a second. Never waits.
 * @param why  how the check ended, see health.h
 * @return 1: there was a result
 */
int backhand_checker_take(backhand_checker *checker, server_rec *s, int *why);

#endif
