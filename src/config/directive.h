/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file directive.h
 * @brief Directives that the table in directives.c describes: reading of values, defaults, merging.
 *
 * Each takes one word, or with BACKHAND_LIST and BACKHAND_COOKIE several, and puts the value into a field of
 * backhand_config (the whole server) or of backhand_dir_config (a container). All functions run while httpd reads its
 * configuration, except backhand_directives_merge(), which a request may call too.
 */
#ifndef BACKHAND_DIRECTIVE_H
#define BACKHAND_DIRECTIVE_H

#include "config/config.h"

#include <stddef.h>

/** What a directive takes, and the type of its field. */
typedef enum backhand_directive_kind {
    BACKHAND_FLAG,   /**< On or Off; int, 1 or 0 */
    BACKHAND_CHOICE, /**< one of `words`; int, its place there */
    BACKHAND_NUMBER, /**< a whole number; int or int64_t */
    BACKHAND_SHARE,  /**< a whole number, or a percentage; backhand_share */
    BACKHAND_TIME,   /**< a time; apr_interval_time_t */
    BACKHAND_TEXT,   /**< a word that `check` accepts; const char *. With the default `off`, off stores NULL */
    BACKHAND_COOKIE, /**< the whole line, see cookie.h; const backhand_cookie *. `off` stores NULL */
    BACKHAND_PATH,   /**< a file or folder, relative to DefaultRuntimeDir; const char *, absolute. WHOLE_SERVER only */
    BACKHAND_LIST    /**< words, each given to `add`; apr_array_header_t * */
} backhand_directive_kind;

/** Where a directive may stand, and which record has its field. */
typedef enum backhand_directive_context {
    BACKHAND_WHOLE_SERVER, /**< outside of every container; backhand_config */
    BACKHAND_CONTAINER     /**< outside, or in <VirtualHost>, <Directory>, <Location> …; backhand_dir_config */
} backhand_directive_context;

/** A directive: `cmd_data` of its line in backhand_commands. Numbers and times are written as in a configuration. */
typedef struct backhand_directive {
    backhand_directive_kind kind;
    backhand_directive_context context;
    size_t offset;         /**< of the field in its record */
    size_t size;           /**< of the field */
    const char *initial;   /**< the default; NULL: the field begins as 0 or NULL */
    const char *fallback;  /**< without `initial`: words for the default that is known later, for messages; or NULL */
    const char *min, *max; /**< NUMBER, SHARE, TIME: the range */
    const char *noun;      /**< NUMBER, SHARE: of what; PATH: the thing itself, as in "a folder" */
    const char *example;   /**< TEXT: added to the error of `check`; or NULL */
    const char *whole;     /**< SHARE: of what a percentage is a share */
    const char *zero;      /**< NUMBER, TIME: the meaning of 0, which is then admitted beside the range; or NULL */
    const char *const *words;                                       /**< CHOICE; a NULL ends them */
    const char *(*check)(const char *word);                         /**< TEXT: NULL, or "takes …" */
    const char *(*add)(apr_array_header_t *list, const char *word); /**< LIST: NULL, or "takes …" */
} backhand_directive;

/** Setter for backhand_commands: reads the word by the directive's description.
 * @return NULL, or the error, which names the directive, the value, what is right, and the default */
const char *backhand_directive_read(cmd_parms *cmd, void *dir, const char *word);

/** Notes in the container's record that the directive stands there, for setters with reading of their own. */
void backhand_directive_mark(const cmd_parms *cmd, backhand_dir_config *dir);

/** The error `Directive value: right`, for setters with reading of their own. */
const char *backhand_directive_wrong(const cmd_parms *cmd, const char *value, const char *right);

/** Puts the defaults into a record of this context, except those of paths. */
void backhand_directives_default(void *record, backhand_directive_context context, apr_pool_t *p);

/** Puts the defaults of paths where no directive has put a path. DefaultRuntimeDir must be known. */
void backhand_directives_complete(backhand_config *conf, apr_pool_t *p);

/** Takes over the fields that `outer` has and `inner` has not; `merged` begins as a copy of `inner`. */
void backhand_directives_merge(backhand_dir_config *merged, const backhand_dir_config *outer);

#endif
