/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file name_format.h
 * @brief The format of HTTPRedirectToName, and the names it makes. Core: no httpd.
 *
 * | in a format     | stands for |
 * |-----------------|------------|
 * | `%S`            | the chosen server's hostname |
 * | `%H`            | the host that the request names, without its port |
 * | `%2S`, `%2H`    | the first 2 labels of it (1 to 127) |
 * | `%-2S`, `%-2H`  | all of it but its first 2 labels |
 * | `%%`            | a percent sign |
 * | A-Z a-z 0-9 . _ - | themselves |
 */
#ifndef BACKHAND_NAME_FORMAT_H
#define BACKHAND_NAME_FORMAT_H

#include <stddef.h>

/** Room for a name with its terminating NUL. */
#define BACKHAND_NAME_SIZE 256

/** @return NULL for a good format, or the error (static text) */
const char *backhand_name_check(const char *format);

/**
 * Writes the name as in a URL, an IPv6 address in brackets. `hostname` and `host` may hold anything, and `host` may be
 * NULL: the result is always valid as the host of a URL.
 * @param format  a good one; NULL: `%S`
 * @return 1, or 0 and an empty name if the result is no host name or has more than 255 bytes
 */
int backhand_name_make(char out[BACKHAND_NAME_SIZE], const char *format, const char *hostname, const char *host);

#endif
