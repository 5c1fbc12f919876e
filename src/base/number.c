/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "base/number.h"

#include <stddef.h>

/* Every number with this many digits fits into 64 bits. */
#define DIGITS_MAX 19

const char *backhand_digits_read(uint64_t *out, const char *text, const char *end)
{
    const char *first = text;
    uint64_t value = 0;
    for (; text != end && *text >= '0' && *text <= '9'; text++) {
        value = value * 10 + (uint64_t)(*text - '0');
    }
    if (text - first > DIGITS_MAX) {
        while (*first == '0' && text - first > DIGITS_MAX) {
            first++;
        }
        value = text - first > DIGITS_MAX ? UINT64_MAX : value;
    }
    *out = value;
    return text;
}

int backhand_number_read(int64_t *out, const char *text, int64_t min, int64_t max)
{
    uint64_t value;
    const char *rest = backhand_digits_read(&value, text, NULL);
    if (rest == text || *rest || value < (uint64_t)min || value > (uint64_t)max) {
        return 0;
    }
    *out = (int64_t)value;
    return 1;
}

const char *backhand_thousandths_read(uint64_t *out, const char *text)
{
    uint64_t whole, fraction = 0, unit = 1000;
    const char *rest = backhand_digits_read(&whole, text, NULL);
    int digits = rest > text;
    if (*rest == '.') {
        for (rest++; *rest >= '0' && *rest <= '9'; rest++) {
            digits = 1;
            unit /= 10;
            fraction += unit * (uint64_t)(*rest - '0');
        }
    }
    *out = whole > UINT64_MAX / 1000 - 1 ? UINT64_MAX : whole * 1000 + fraction;
    return digits ? rest : text;
}
