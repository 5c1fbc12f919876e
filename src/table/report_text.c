/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "table/report_text.h"
#include "base/number.h"

#include <string.h>

#define KEYS 7
/* The previous release does not send this key. */
#define STALL 5

/* The name of a key as it stands in the text, and the number of digits of its largest value. */
#define NAME(name) ("&" name "="), sizeof("&" name "=") - 1
#define DIGITS     10

typedef struct key {
    const char *name;
    size_t length; /* of the name */
    int64_t max;
} key;

static const key keys[KEYS] = {
    {NAME("inflight"), INT32_MAX}, {NAME("service"), INT32_MAX}, {NAME("parallel"), INT32_MAX},
    {NAME("latency"), INT32_MAX},  {NAME("errors"), 1000},       {NAME("stall"), INT32_MAX},
    {NAME("usec"), INT32_MAX},
};

_Static_assert(sizeof("&inflight=&service=&parallel=&latency=&errors=&stall=&usec=") + KEYS * DIGITS <=
                   BACKHAND_REPORT_SIZE,
               "the longest text fits");

static int64_t within(int64_t value, int i)
{
    if (value < 0) {
        return 0;
    }
    return value > keys[i].max ? keys[i].max : value;
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

void backhand_report_write(char out[BACKHAND_REPORT_SIZE], const backhand_report *report, int64_t usec)
{
    const int64_t values[KEYS] = {
        report->inflight, report->service, report->parallel, report->latency, report->errors, report->stall, usec};

    for (int i = 0; i < KEYS; i++) {
        int skip = i == 0;
        memcpy(out, keys[i].name + skip, keys[i].length - (size_t)skip);
        out = put_number(out + keys[i].length - skip, within(values[i], i));
    }
    *out = '\0';
}

/* @return the index of the key of this name, or -1 */
static int find(const char *text, size_t length)
{
    for (int i = 0; i < KEYS; i++) {
        if (keys[i].length == length + 2 && memcmp(keys[i].name + 1, text, length) == 0) {
            return i;
        }
    }
    return -1;
}

/* Reads one `key=value`, without base/pairs.h, which looks for the end of the value first: this runs for each response.
 * @return what follows it, or NULL: it is wrong */
static const char *read_pair(int64_t values[KEYS], unsigned *seen, const char *text)
{
    size_t length = strcspn(text, "=&");
    const char *value = text + length + 1, *end;
    uint64_t number;
    int i;

    if (length == 0 || text[length] != '=') {
        return NULL;
    }
    i = find(text, length);
    if (i < 0) {
        return value + strcspn(value, "&");
    }
    end = backhand_digits_read(&number, value, NULL);
    if (*seen & (1u << i) || end == value || number > (uint64_t)keys[i].max || (*end && *end != '&')) {
        return NULL;
    }
    *seen |= 1u << i;
    values[i] = (int64_t)number;
    return end;
}

int backhand_report_read(backhand_report *report, int64_t *usec, const char *text)
{
    int64_t values[KEYS] = {[STALL] = 1000};
    unsigned seen = 0;

    if (strlen(text) >= BACKHAND_REPORT_SIZE) {
        return 0;
    }
    for (const char *at = text; at;) {
        at = read_pair(values, &seen, at);
        if (!at) {
            return 0;
        }
        at = *at ? at + 1 : NULL;
    }
    *report = (backhand_report){.inflight = values[0],
                                .service = values[1],
                                .parallel = values[2],
                                .latency = values[3],
                                .errors = values[4],
                                .stall = values[STALL]};
    *usec = values[KEYS - 1];
    return (seen | 1u << STALL) == (1u << KEYS) - 1;
}
