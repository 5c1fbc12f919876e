/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "base/words.h"
#include "base/number.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>

/* The most characters in the name of a farm. */
#define FARM_MAX 63

/* Stricter than ap_timeout_parameter_parse(), which accepts "s", "5sx" and " 5" as times. */
int backhand_word_time(apr_interval_time_t *out, const char *word, apr_interval_time_t min, apr_interval_time_t max)
{
    static const struct {
        const char *name;
        apr_interval_time_t length;
    } units[] = {
        {"", APR_USEC_PER_SEC},         {"ms", 1000},
        {"s", APR_USEC_PER_SEC},        {"mi", 60 * APR_USEC_PER_SEC},
        {"min", 60 * APR_USEC_PER_SEC}, {"h", 3600 * APR_USEC_PER_SEC},
    };
    uint64_t value;
    const char *unit = backhand_digits_read(&value, word, NULL);
    if (unit == word) {
        return 0;
    }
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (strcmp(unit, units[i].name) != 0) {
            continue;
        }
        if (value > (uint64_t)(max / units[i].length) || (int64_t)value * units[i].length < min) {
            return 0;
        }
        *out = (int64_t)value * units[i].length;
        return 1;
    }
    return 0;
}

int backhand_word_is_farm(const char *word)
{
    size_t length = strlen(word);
    if (length == 0 || length > FARM_MAX) {
        return 0;
    }
    for (; *word; word++) {
        if (!apr_isalnum(*word) && !strchr("._-", *word)) {
            return 0;
        }
    }
    return 1;
}
