/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "sim/words.h"

#include <apr_strings.h>

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Ten years. */
#define TIME_MAX 315576000.0

static void skip_blanks(sim_words *words)
{
    while (isspace((unsigned char)*words->rest)) {
        words->rest++;
    }
}

const char *sim_words_next(sim_words *words)
{
    const char *begin;
    size_t length;

    skip_blanks(words);
    begin = words->rest;
    if (*begin == '\0' || *begin == '#') {
        return NULL;
    }
    if (*begin == '"' && strchr(begin + 1, '"')) {
        length = (size_t)(strchr(begin + 1, '"') - begin - 1);
        words->rest = begin + length + 2;
        return apr_pstrmemdup(words->pool, begin + 1, length);
    }
    length = strcspn(begin, " \t\r\n");
    words->rest = begin + length;
    return apr_pstrmemdup(words->pool, begin, length);
}

const char *sim_words_rest(sim_words *words)
{
    const char *begin, *end;

    skip_blanks(words);
    begin = words->rest;
    /* Within a line `#` begins a comment only after a blank: it may stand in an expression. */
    for (end = begin; *end && !(*end == '#' && (end == begin || isspace((unsigned char)end[-1]))); end++) {
    }
    words->rest = begin + strlen(begin);
    while (end > begin && isspace((unsigned char)end[-1])) {
        end--;
    }
    return apr_pstrmemdup(words->pool, begin, (apr_size_t)(end - begin));
}

static int read_number(const char *word, double *out, char **end)
{
    if (!isdigit((unsigned char)*word) && *word != '.') {
        return 0;
    }
    *out = strtod(word, end);
    return *end != word && isfinite(*out);
}

const char *sim_words_number(sim_words *words, const char *what, double min, double max, double *out)
{
    const char *word = sim_words_next(words);
    char *end, range[80];

    if (!word) {
        return apr_psprintf(words->pool, "%s is missing", what);
    }
    if (!read_number(word, out, &end) || *end || *out < min || *out > max) {
        snprintf(range, sizeof(range), "%g to %g", min, max);
        return apr_psprintf(words->pool, "%s is a number from %s, and not `%s`", what, range, word);
    }
    return NULL;
}

const char *sim_words_whole(sim_words *words, const char *what, int min, int max, int *out)
{
    const char *word = sim_words_next(words);
    double value;
    char *end;

    if (!word) {
        return apr_psprintf(words->pool, "%s is missing", what);
    }
    if (!read_number(word, &value, &end) || *end || value < min || value > max || value != floor(value)) {
        return apr_psprintf(words->pool, "%s is a whole number from %d to %d, and not `%s`", what, min, max, word);
    }
    *out = (int)value;
    return NULL;
}

/* us; 0: no such unit */
static double unit_of(const char *text)
{
    static const struct {
        const char *name;
        double length;
    } units[] = {{"", 1e6}, {"us", 1}, {"ms", 1e3}, {"s", 1e6}, {"min", 60e6}, {"h", 3600e6}};

    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (!strcmp(units[i].name, text)) {
            return units[i].length;
        }
    }
    return 0;
}

const char *sim_words_time(sim_words *words, const char *what, int64_t min, int64_t *out)
{
    const char *word = sim_words_next(words);
    double value, unit;
    char *end;

    if (!word) {
        return apr_psprintf(words->pool, "%s is missing", what);
    }
    if (!read_number(word, &value, &end) || (unit = unit_of(end)) == 0 || value * unit > TIME_MAX * 1e6) {
        return apr_psprintf(words->pool, "%s is a time as 250ms, 5s or 2min, and not `%s`", what, word);
    }
    *out = llround(value * unit);
    if (*out < min) {
        return apr_psprintf(words->pool, "%s is %.3f s at least, and not `%s`", what, (double)min / 1e6, word);
    }
    return NULL;
}
