/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "table/report_text.h"

#include <stdio.h>
#include <string.h>

#define KEYS 6

typedef struct key {
    const char *name;
    int64_t max;
} key;

static const key keys[KEYS] = {
    {"inflight", INT32_MAX}, {"service", INT32_MAX}, {"parallel", INT32_MAX},
    {"latency", INT32_MAX},  {"errors", 1000},       {"usec", INT32_MAX},
};

static long long within(int64_t value, int i)
{
    if (value < 0) {
        return 0;
    }
    return value > keys[i].max ? keys[i].max : value;
}

void backhand_report_write(char out[BACKHAND_REPORT_SIZE], const backhand_report *report, int64_t usec)
{
    snprintf(out, BACKHAND_REPORT_SIZE, "inflight=%lld&service=%lld&parallel=%lld&latency=%lld&errors=%lld&usec=%lld",
             within(report->inflight, 0), within(report->service, 1), within(report->parallel, 2),
             within(report->latency, 3), within(report->errors, 4), within(usec, 5));
}

/* @return the place of the key that `text` begins with, or -1 */
static int find(const char *text, size_t length)
{
    for (int i = 0; i < KEYS; i++) {
        if (strlen(keys[i].name) == length && memcmp(keys[i].name, text, length) == 0) {
            return i;
        }
    }
    return -1;
}

/* @return what follows the digits; NULL: there are none, or they say too much */
static const char *read_number(int64_t *out, const char *text, int64_t max)
{
    const char *at = text;
    int64_t value = 0;

    for (; *at >= '0' && *at <= '9'; at++) {
        value = value * 10 + (*at - '0');
        if (value > max) {
            return NULL;
        }
    }
    *out = value;
    return at == text ? NULL : at;
}

/* Reads one `key=value`. @return what follows it, or NULL: it is wrong */
static const char *read_pair(int64_t values[KEYS], unsigned *seen, const char *text)
{
    size_t length = strcspn(text, "=&");
    const char *value = text + length + 1;
    int i;

    if (length == 0 || text[length] != '=') {
        return NULL;
    }
    i = find(text, length);
    if (i < 0) {
        return value + strcspn(value, "&");
    }
    if (*seen & (1u << i)) {
        return NULL;
    }
    *seen |= 1u << i;
    value = read_number(&values[i], value, keys[i].max);
    return value && (*value == '&' || *value == '\0') ? value : NULL;
}

int backhand_report_read(backhand_report *report, int64_t *usec, const char *text)
{
    int64_t values[KEYS] = {0};
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
    *report = (backhand_report){
        .inflight = values[0], .service = values[1], .parallel = values[2], .latency = values[3], .errors = values[4]};
    *usec = values[5];
    return seen == (1u << KEYS) - 1;
}
