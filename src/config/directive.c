/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "config/directive.h"
#include "base/words.h"
#include "base/number.h"

#include <apr_strings.h>

#include <stdlib.h>
#include <string.h>
#include <strings.h>

typedef int word_reader(int64_t *out, const char *word, int64_t min, int64_t max);

/* --- values ---------------------------------------------------------------------------------------------------- */

static int read_in_range(int64_t *out, const backhand_directive *d, const char *word, word_reader *reader)
{
    int64_t min, max;
    if (!reader(&min, d->min, 0, INT64_MAX) || !reader(&max, d->max, min, INT64_MAX)) {
        abort(); /* the line in directives.c is wrong: every start shows it */
    }
    return reader(out, word, min, max) || (d->zero && reader(out, word, 0, 0));
}

static const char *zero_too(const backhand_directive *d, apr_pool_t *p)
{
    return d->zero ? apr_pstrcat(p, ", or 0 for ", d->zero, NULL) : "";
}

static const char *read_number(const backhand_directive *d, void *field, const char *word, apr_pool_t *p)
{
    int64_t value;
    if (!read_in_range(&value, d, word, backhand_number_read)) {
        return apr_pstrcat(p, "takes a number of ", d->noun, " from ", d->min, " to ", d->max, zero_too(d, p), NULL);
    }
    if (d->size == sizeof(int)) {
        *(int *)field = (int)value;
    }
    else {
        *(int64_t *)field = value;
    }
    return NULL;
}

static const char *read_time(const backhand_directive *d, void *field, const char *word, apr_pool_t *p)
{
    int64_t value;
    if (!read_in_range(&value, d, word, backhand_word_time)) {
        return apr_pstrcat(p, "takes a time from ", d->min, " to ", d->max, zero_too(d, p),
                           ", as in 250ms or 5s; a number alone is seconds", NULL);
    }
    *(apr_interval_time_t *)field = value;
    return NULL;
}

static const char *read_share(const backhand_directive *d, void *field, const char *word, apr_pool_t *p)
{
    backhand_share share = {-1, 0};
    size_t length = strlen(word);
    int64_t value;
    if (length > 0 && word[length - 1] == '%' &&
        backhand_number_read(&value, apr_pstrmemdup(p, word, length - 1), 0, 100)) {
        share.percent = (int)value;
    }
    else if (read_in_range(&value, d, word, backhand_number_read)) {
        share.count = (int)value;
    }
    else {
        return apr_pstrcat(p, "takes a number of ", d->noun, " from ", d->min, " to ", d->max, ", or a share of ",
                           d->whole, " from 0% to 100%", NULL);
    }
    *(backhand_share *)field = share;
    return NULL;
}

static const char *read_flag(void *field, const char *word)
{
    int on = !strcasecmp(word, "on");
    if (!on && strcasecmp(word, "off") != 0) {
        return "takes On or Off";
    }
    *(int *)field = on;
    return NULL;
}

static const char *read_choice(const backhand_directive *d, void *field, const char *word, apr_pool_t *p)
{
    const char *right = "takes ";
    for (int i = 0; d->words[i]; i++) {
        if (!strcasecmp(word, d->words[i])) {
            *(int *)field = i;
            return NULL;
        }
        right = apr_pstrcat(p, right, i == 0 ? "" : d->words[i + 1] ? ", " : " or ", d->words[i], NULL);
    }
    return right;
}

static const char *read_text(const backhand_directive *d, void *field, const char *word, apr_pool_t *p)
{
    int may_be_off = d->initial && !strcmp(d->initial, "off");
    int off = may_be_off && !strcasecmp(word, "off");
    const char *error = off ? NULL : d->check(word);
    if (error) {
        return apr_pstrcat(p, error, may_be_off ? "; or off" : "", d->example ? d->example : "", NULL);
    }
    *(const char **)field = off ? NULL : word;
    return NULL;
}

static const char *read_cookie(void *field, const char *line, apr_pool_t *p)
{
    const char *words[BACKHAND_COOKIE_WORDS], *error;
    backhand_cookie *cookie = apr_pcalloc(p, sizeof(*cookie));
    int n = 0;
    while (n < BACKHAND_COOKIE_WORDS && (*line || n == 0)) {
        words[n++] = ap_getword_conf(p, &line);
    }
    error = *line ? "has too many words" : backhand_cookie_parse(cookie, words, n, p);
    if (!error) {
        *(const backhand_cookie **)field = *cookie->name ? cookie : NULL;
    }
    return error;
}

static const char *read_path(const backhand_directive *d, void *field, const char *word, apr_pool_t *p)
{
    const char *path = *word ? ap_runtime_dir_relative(p, word) : NULL;
    if (!path) {
        return apr_pstrcat(p, "takes ", d->noun, ", relative to DefaultRuntimeDir", NULL);
    }
    *(const char **)field = path;
    return NULL;
}

/* Puts the value into the record. @return NULL, or what would be right */
static const char *read_value(const backhand_directive *d, void *record, const char *word, apr_pool_t *p)
{
    void *field = (char *)record + d->offset;
    switch (d->kind) {
    case BACKHAND_FLAG:
        return read_flag(field, word);
    case BACKHAND_CHOICE:
        return read_choice(d, field, word, p);
    case BACKHAND_NUMBER:
        return read_number(d, field, word, p);
    case BACKHAND_SHARE:
        return read_share(d, field, word, p);
    case BACKHAND_TIME:
        return read_time(d, field, word, p);
    case BACKHAND_TEXT:
        return read_text(d, field, word, p);
    case BACKHAND_COOKIE:
        return read_cookie(field, word, p);
    case BACKHAND_PATH:
        return read_path(d, field, word, p);
    case BACKHAND_LIST:
        return d->add(*(apr_array_header_t **)field, word);
    }
    abort();
}

/* --- setter ---------------------------------------------------------------------------------------------------- */

/* httpd leaves a variable that is not defined in its place, and only warns of it. @return NULL: there is none */
static const char *find_undefined(const char *value, apr_pool_t *p)
{
    const char *begin = strstr(value, "${"), *end = begin ? strchr(begin, '}') : NULL;
    return end ? apr_pstrcat(p, "the variable ", apr_pstrmemdup(p, begin + 2, (apr_size_t)(end - begin - 2)),
                             " is not defined; set it in httpd's environment, or by Define before this line", NULL)
               : NULL;
}

const char *backhand_directive_wrong(const cmd_parms *cmd, const char *value, const char *right)
{
    const char *undefined = find_undefined(value, cmd->pool);
    right = undefined ? undefined : right;
    return apr_pstrcat(cmd->pool, cmd->cmd->name, " ", *value ? value : "\"\"", ": ", right, NULL);
}

static const char *with_default(const backhand_directive *d, const char *right, apr_pool_t *p)
{
    const char *text = d->initial ? d->initial : d->fallback;
    return text ? apr_pstrcat(p, right, " (default ", text, ")", NULL) : right;
}

static uint64_t bit_of(const command_rec *command)
{
    return (uint64_t)1 << (command - backhand_commands);
}

void backhand_directive_mark(const cmd_parms *cmd, backhand_dir_config *dir)
{
    dir->set |= bit_of(cmd->cmd);
}

const char *backhand_directive_read(cmd_parms *cmd, void *dir, const char *word)
{
    const backhand_directive *d = cmd->info;
    backhand_config *conf;
    int whole = d->context == BACKHAND_WHOLE_SERVER;
    const char *error = whole ? backhand_config_server_wide(cmd, &conf) : backhand_config_wrong_context(cmd);
    if (error) {
        return error;
    }
    error = read_value(d, whole ? (void *)conf : dir, word, cmd->pool);
    if (error || find_undefined(word, cmd->temp_pool)) {
        return backhand_directive_wrong(cmd, word, with_default(d, error ? error : "", cmd->pool));
    }
    if (!whole) {
        backhand_directive_mark(cmd, dir);
    }
    return NULL;
}

/* --- records --------------------------------------------------------------------------------------------------- */

void backhand_directives_default(void *record, backhand_directive_context context, apr_pool_t *p)
{
    for (const command_rec *command = backhand_commands; command->name; command++) {
        const backhand_directive *d = command->cmd_data;
        if (d && d->context == context && d->kind != BACKHAND_PATH && d->initial &&
            read_value(d, record, d->initial, p)) {
            abort(); /* the line in directives.c is wrong: every start shows it */
        }
    }
}

void backhand_directives_complete(backhand_config *conf, apr_pool_t *p)
{
    for (const command_rec *command = backhand_commands; command->name; command++) {
        const backhand_directive *d = command->cmd_data;
        if (d && d->kind == BACKHAND_PATH && d->initial && !*(const char **)(void *)((char *)conf + d->offset)) {
            read_value(d, conf, d->initial, p);
        }
    }
}

void backhand_directives_merge(backhand_dir_config *merged, const backhand_dir_config *outer)
{
    uint64_t wanted = outer->set & ~merged->set;
    for (int i = 0; wanted; i++, wanted >>= 1) {
        if (wanted & 1) {
            const backhand_directive *d = backhand_commands[i].cmd_data;
            memcpy((char *)merged + d->offset, (const char *)outer + d->offset, d->size);
        }
    }
    merged->set |= outer->set;
}
