/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file number.h
 * @brief Reading decimal numbers, strictly: no sign, no blank, whatever the locale. Core: no httpd.
 */
#ifndef BACKHAND_BASE_NUMBER_H
#define BACKHAND_BASE_NUMBER_H

#include <stdint.h>

/**
 * Reads the digits at the beginning of a text.
 * @param out  the number; UINT64_MAX when it has 20 digits or more, zeros before it not counted; 0 without digits
 * @param end  where the text ends; NULL: at its NUL byte
 * @return the first character that is no digit: `text` itself when there is no digit
 */
const char *backhand_digits_read(uint64_t *out, const char *text, const char *end);

/** Reads a text that is a number from `min` (0 or more) to `max`, and nothing else. @return 1; 0: `out` is untouched */
int backhand_number_read(int64_t *out, const char *text, int64_t min, int64_t max);

/**
 * Reads a number with or without a fraction at the beginning of a text, times 1000: `1.25` is 1250. Digits after the
 * third of the fraction do not count; `.5` and `5.` are numbers, too.
 * @param out  the number; UINT64_MAX when that is larger; 0 without digits
 * @return what follows the number; `text` itself when there is none
 */
const char *backhand_thousandths_read(uint64_t *out, const char *text);

#endif
