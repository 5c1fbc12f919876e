/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file check.h
 * @brief What BackhandCheck asks for. Core: no httpd.
 */
#ifndef BACKHAND_CHECK_H
#define BACKHAND_CHECK_H

#include "announce/check/request.h"

#include <apr_pools.h>

/** A check as configured; read-only then. */
typedef struct backhand_check {
    const char *text;             /**< its first word as written, for messages */
    const char *const *argv;      /**< a program and its arguments, ended by NULL; NULL: a request */
    backhand_check_url url;       /**< of a request. address NULL; host NULL and port 0 when only a path was written */
    apr_interval_time_t interval; /**< between the starts of two checks, us [2 s] */
    apr_interval_time_t timeout;  /**< how long a check may take, us [1 s] */
    int fall;                     /**< failures in a row that make the server down [3] */
    int rise;                     /**< successes in a row that make it up again [2] */
} backhand_check;

/** Words that a check has at most. */
#define BACKHAND_CHECK_WORDS 5

/**
 * Reads `url|exec:program [interval] [fall] [rise] [timeout]`. Opens nothing.
 * @param words  `n` of them, 1 to BACKHAND_CHECK_WORDS; must live as long as `check`
 * @param wrong  on failure the word that is wrong
 * @return NULL, or what would be right
 */
const char *backhand_check_parse(backhand_check *check, const char *const *words, int n, const char **wrong,
                                 apr_pool_t *p);

#endif
