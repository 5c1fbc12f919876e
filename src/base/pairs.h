/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file pairs.h
 * @brief Cuts `name=value&name=value` into pairs. Nothing is decoded or copied. Core: no httpd.
 */
#ifndef BACKHAND_BASE_PAIRS_H
#define BACKHAND_BASE_PAIRS_H

#include <stddef.h>

/** A part of the text; it has no NUL byte of its own. */
typedef struct backhand_span {
    const char *at;
    size_t length;
} backhand_span;

typedef struct backhand_pair {
    backhand_span name;
    backhand_span value; /**< `at` is NULL: there is no `=`, and the name is all */
} backhand_pair;

/**
 * Takes the pair that begins at `at`.
 * @param end  the end of the text
 * @return where the next pair begins; NULL: this was the last one
 */
const char *backhand_pair_next(backhand_pair *pair, const char *at, const char *end);

#endif
