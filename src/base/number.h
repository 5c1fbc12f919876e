/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file number.h
 * @brief Reads decimal numbers strictly: no sign, no blank, independent of the locale. Core: no httpd.
 */
#ifndef BACKHAND_BASE_NUMBER_H
#define BACKHAND_BASE_NUMBER_H

#include <stdint.h>

/**
 * Reads the digits at the beginning of a text.
 * @param out  the number; UINT64_MAX if it has 20 digits or more after leading zeros; 0 without digits
 * @param end  the end of the text; NULL: it ends at its NUL byte
 * @return the first character that is no digit: `text` itself when there is no digit
 */
const char *backhand_digits_read(uint64_t *out, const char *text, const char *end);

/** Reads a text that is only a number, from `min` (0 or more) to `max`. @return 1; 0: it is not, `out` is untouched */
int backhand_number_read(int64_t *out, const char *text, int64_t min, int64_t max);

/**
 * Reads a number at the beginning of a text, with or without a fraction, and multiplies it by 1000: `1.25` is 1250.
 * More than three digits of a fraction are ignored; `.5` and `5.` are numbers, too.
 * @param out  the result; UINT64_MAX if it would be larger; 0 without digits
 * @return the first character after the number; `text` itself when there is no number
 */
const char *backhand_thousandths_read(uint64_t *out, const char *text);

#endif
