/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file pairs.h
 * @brief Splits `name=value&name=value` into pairs. Decodes and copies nothing. Core: no httpd.
 */
#ifndef BACKHAND_BASE_PAIRS_H
#define BACKHAND_BASE_PAIRS_H

#include <stddef.h>

/** A part of the text, without a NUL byte at its end. */
typedef struct backhand_span {
    const char *at;
    size_t length;
} backhand_span;

typedef struct backhand_pair {
    backhand_span name;
    backhand_span value; /**< `at` is NULL: the pair has no `=`, only a name */
} backhand_pair;

/**
 * Takes the pair that begins at `at`.
 * @param end  the end of the text
 * @return where the next pair begins; NULL: this was the last one
 */
const char *backhand_pair_next(backhand_pair *pair, const char *at, const char *end);

#endif
