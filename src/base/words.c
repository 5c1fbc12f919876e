/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "base/words.h"
#include "base/number.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>

/* The most characters in the names of a farm and of a zone. */
#define FARM_MAX 63
#define ZONE_MAX 31

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

/* True for a name of so many characters: letters, digits, and those of `others`. */
static int is_name(const char *word, size_t most, const char *others)
{
    size_t length = strlen(word);
    if (length == 0 || length > most) {
        return 0;
    }
    for (; *word; word++) {
        if (!apr_isalnum(*word) && !strchr(others, *word)) {
            return 0;
        }
    }
    return 1;
}

int backhand_word_is_farm(const char *word)
{
    return is_name(word, FARM_MAX, "._-");
}

int backhand_word_is_zone(const char *word)
{
    return is_name(word, ZONE_MAX, "_-");
}
