/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file out.h
 * @brief Writes text piece by piece: to an httpd's client, or to whatever else the caller's function writes to. Core:
 * no httpd.
 *
 * All functions format numbers by whole numbers, so their text is the same in every locale.
 */
#ifndef BACKHAND_STATUS_OUT_H
#define BACKHAND_STATUS_OUT_H

#include <stddef.h>
#include <stdint.h>

typedef struct backhand_out {
    /** Appends `length` bytes. It deals with its own errors. */
    void (*append)(void *ctx, const char *text, size_t length);
    void *ctx;
} backhand_out;

/** Appends a text as it is. */
void backhand_out_text(const backhand_out *out, const char *text);

/** Appends a whole number. */
void backhand_out_number(const backhand_out *out, int64_t number);

/** Appends number / divisor as a decimal number, without zeros at its end: 1500 / 1000 is 1.5, 2000 / 1000 is 2.
 * @param divisor  1, 10, 100 and so on up to 1000000 */
void backhand_out_decimal(const backhand_out *out, int64_t number, int64_t divisor);

/** Appends a string of JSON with its quotes. Every byte that is no printable ASCII, and characters that end a script
 * within HTML, are escaped; bytes of other character sets become U+FFFD. @param text  NULL: appends null */
void backhand_out_json(const backhand_out *out, const char *text);

/** Appends the value of a label of OpenMetrics with its quotes. Bytes that are no printable ASCII become ?. */
void backhand_out_label(const backhand_out *out, const char *text);

#endif
