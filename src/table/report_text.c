/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "table/report_text.h"
#include "base/number.h"

#include <string.h>

/* The digits of the largest number. */
#define DIGITS     10
#define NUMBER_MAX INT32_MAX
#define USEC       "usec"

/* NOLINTNEXTLINE(bugprone-macro-parentheses): a term of a sum */
#define FIGURE(name, key, least, most, ways, ...) +(BACKHAND_ON_RESPONSES & (ways) ? sizeof(key "=&") - 1 + DIGITS : 0)
_Static_assert(0 BACKHAND_WORK_FIGURES(FIGURE) + sizeof(USEC "=") + DIGITS <= BACKHAND_REPORT_SIZE,
               "the longest text fits");
#undef FIGURE

/* The numbers in the order of the text: those of the figures on responses, then the time. */
enum {
#define FIGURE(name, key, least, most, ways, ...) AT_##name,
    BACKHAND_WORK_FIGURES(FIGURE)
#undef FIGURE
        AT_USEC,
    NUMBERS
};

static inline const backhand_figure *figure_at(int i)
{
    return &backhand_figures[BACKHAND_FIGURE_inflight + i];
}

static int64_t within(int64_t value, int64_t least, int64_t most)
{
    return value < least ? least : value > most ? most : value;
}

/* It runs for each response, and printf would take longer than everything else there. @return the end of the digits */
static char *put_number(char *out, int64_t value)
{
    char digits[DIGITS];
    int n = 0;

    do {
        digits[n++] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    while (n > 0) {
        *out++ = digits[--n];
    }
    return out;
}

void backhand_report_write(char out[BACKHAND_REPORT_SIZE], const backhand_work *work, int64_t usec)
{
    const int64_t numbers[AT_USEC] = {
#define FIGURE(name, ...) work->name,
        BACKHAND_WORK_FIGURES(FIGURE)
#undef FIGURE
    };

    for (int i = 0; i < AT_USEC; i++) {
        const backhand_figure *figure = figure_at(i);
        if (figure->ways & BACKHAND_ON_RESPONSES) {
            memcpy(out, figure->key, figure->length);
            out += figure->length;
            *out++ = '=';
            out = put_number(out, within(numbers[i], figure->field.min, figure->field.max));
            *out++ = '&';
        }
    }
    memcpy(out, USEC "=", sizeof(USEC "=") - 1);
    out = put_number(out + sizeof(USEC "=") - 1, within(usec, 0, NUMBER_MAX));
    *out = '\0';
}

static int is_key(int i, const char *text, size_t length)
{
    const backhand_figure *figure = figure_at(i);
    return figure->length == length && figure->ways & BACKHAND_ON_RESPONSES && memcmp(figure->key, text, length) == 0;
}

/* @return the place of the number whose key `text` begins with, as a rule `expected` or later; -1: there is none */
static int find(const char *text, size_t length, int expected)
{
    for (int i = expected; i < AT_USEC; i++) {
        if (is_key(i, text, length)) {
            return i;
        }
    }
    if (length == sizeof(USEC) - 1 && memcmp(text, USEC, length) == 0) {
        return AT_USEC;
    }
    for (int i = 0; i < expected && i < AT_USEC; i++) {
        if (is_key(i, text, length)) {
            return i;
        }
    }
    return -1;
}

/* The release before had other bounds of what is new. */
static int64_t most_of(int i)
{
    return i == AT_USEC || figure_at(i)->ways & BACKHAND_BY_NEWER_RESPONSE ? NUMBER_MAX : figure_at(i)->field.max;
}

/* Reads one `key=value`, without base/pairs.h, which looks for the end of the value first: this runs for each response.
 * @return what follows it, or NULL: it is wrong */
static const char *read_pair(int64_t numbers[NUMBERS], unsigned *seen, const char *text)
{
    size_t length = strcspn(text, "=&");
    const char *value = text + length + 1, *end;
    uint64_t number;
    int i;

    if (length == 0 || text[length] != '=') {
        return NULL;
    }
    /* Numbers come in their order: the one after the last that was seen. */
    i = find(text, length, *seen ? 32 - __builtin_clz(*seen) : 0);
    if (i < 0) {
        return value + strcspn(value, "&");
    }
    end = backhand_digits_read(&number, value, NULL);
    if (*seen & (1u << i) || end == value || number > (uint64_t)most_of(i) || (*end && *end != '&')) {
        return NULL;
    }
    *seen |= 1u << i;
    numbers[i] = (int64_t)number;
    return end;
}

/* A bit for each number that must be there. */
enum {
    NEEDED = 1u << AT_USEC
#define FIGURE(name, key, least, most, ways, ...) | (BACKHAND_BY_RESPONSE & (ways) ? 1u << AT_##name : 0)
                 BACKHAND_WORK_FIGURES(FIGURE)
#undef FIGURE
};

int backhand_report_read(backhand_work *work, int64_t *usec, const char *text)
{
    int64_t numbers[NUMBERS] = {0};
    unsigned seen = 0;

    if (strlen(text) >= BACKHAND_REPORT_SIZE) {
        return 0;
    }
    for (const char *at = text; at;) {
        at = read_pair(numbers, &seen, at);
        if (!at) {
            return 0;
        }
        at = *at ? at + 1 : NULL;
    }
#define FIGURE(name, key, least, most, ...) work->name = within(numbers[AT_##name], least, most);
    BACKHAND_WORK_FIGURES(FIGURE)
#undef FIGURE
    *usec = numbers[AT_USEC];
    return (seen & NEEDED) == NEEDED;
}
