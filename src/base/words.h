/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file words.h
 * @brief Reading one word of a directive: times and names, strictly; for numbers see base/number.h. Core: no httpd.
 *
 * Every reader returns 1, or 0 and does not touch `out`. The whole word must fit; signs and blanks are refused.
 */
#ifndef BACKHAND_BASE_WORDS_H
#define BACKHAND_BASE_WORDS_H

#include <apr_time.h>
#include <stdint.h>

/** A time as httpd writes it, `250ms`, `5s`, `5`, `1min`, `1h` (a number alone is seconds), from `min` to `max`. */
int backhand_word_time(apr_interval_time_t *out, const char *word, apr_interval_time_t min, apr_interval_time_t max);

/** True for 1 to 63 characters of A-Z a-z 0-9 . _ - */
int backhand_word_is_farm(const char *word);

#endif
