/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file words.h
 * @brief Reads one word of a directive strictly: times and names; for numbers see base/number.h. Core: no httpd.
 *
 * Every reader returns 1; or 0, and leaves `out` untouched. The whole word must be valid; signs and blanks are refused.
 */
#ifndef BACKHAND_BASE_WORDS_H
#define BACKHAND_BASE_WORDS_H

#include <apr_time.h>
#include <stdint.h>

/** Reads a time as in httpd's directives, from `min` to `max`: `250ms`, `5s`, `5` (seconds), `1min`, `1h`. */
int backhand_word_time(apr_interval_time_t *out, const char *word, apr_interval_time_t min, apr_interval_time_t max);

/** True for 1 to 63 characters of A-Z a-z 0-9 . _ - */
int backhand_word_is_farm(const char *word);

/** True for 1 to 31 characters of A-Z a-z 0-9 _ - */
int backhand_word_is_zone(const char *word);

#endif
