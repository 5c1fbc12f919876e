/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file check.h
 * @brief Parses BackhandCheck: how to check this server's application. Core: no httpd.
 */
#ifndef BACKHAND_CHECK_H
#define BACKHAND_CHECK_H

#include "announce/check/request.h"

#include <apr_pools.h>

/** A check as configured; never changed after the configuration is read. */
typedef struct backhand_check {
    const char *text;             /**< the directive's first word as written, for messages */
    const char *const *argv;      /**< a program and its arguments, ended by NULL; NULL: the check is a request */
    backhand_check_url url;       /**< for a request. `address` is NULL; if only a path was written, `host` is NULL and
                                     `port` 0 */
    apr_interval_time_t interval; /**< time between the starts of two checks, us [2 s] */
    apr_interval_time_t timeout;  /**< how long a check may take, us [1 s] */
    int fall;                     /**< failures in a row that make the server down [3] */
    int rise;                     /**< successes in a row that make it up again [2] */
} backhand_check;

/** The most words that BackhandCheck takes. */
#define BACKHAND_CHECK_WORDS 5

/**
 * Reads `url|exec:program [interval] [fall] [rise] [timeout]`. Opens no file or socket.
 * @param words  `n` words, 1 to BACKHAND_CHECK_WORDS; they must live as long as `check`
 * @param wrong  on failure the word that is wrong
 * @return NULL, or on failure the form that would be right
 */
const char *backhand_check_parse(backhand_check *check, const char *const *words, int n, const char **wrong,
                                 apr_pool_t *p);

#endif
