/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file condition.h
 * @brief A condition: a state that an operator should know of, and what to do. Core: no httpd.
 */
#ifndef BACKHAND_CONDITION_H
#define BACKHAND_CONDITION_H

#include "table/since.h"

/** The most conditions of a list. */
#define BACKHAND_CONDITIONS 48
/** The most servers that one kind of condition names. One more condition of that kind says how many others there are.
 */
#define BACKHAND_CONDITION_SERVERS 8
#define BACKHAND_CONDITION_REMEDY  320

typedef enum backhand_severity {
    BACKHAND_SEVERITY_ERROR,   /**< this server takes no part in the farm */
    BACKHAND_SEVERITY_WARNING, /**< somebody should do something */
    BACKHAND_SEVERITY_NOTICE   /**< may be as it should be */
} backhand_severity;

/** Which of its lines in the error log are written by backhand_journal_look(). Others are written where the condition
 * is noticed. */
typedef enum backhand_condition_lines {
    BACKHAND_LINES_NONE,
    BACKHAND_LINES_END, /**< the line that it has ended */
    BACKHAND_LINES_BOTH /**< that it begins, and that it has ended */
} backhand_condition_lines;

/** One condition. `subject`, `text` and `remedy` may hold bytes that other servers chose, so escape them for HTML. All
 * are printable ASCII. */
typedef struct backhand_condition {
    const char *name; /**< as in docs/operations.md, `clock-skew`; static */
    backhand_severity severity;
    int id;                                 /**< entry of the server that it is about; -1: none, or it has no entry */
    char subject[BACKHAND_CONTACT_SIZE];    /**< that server's contact, or a sender's address; empty: this server */
    apr_time_t since;                       /**< us by backhand_table_now() */
    char text[BACKHAND_SINCE_TEXT];         /**< what is wrong, a sentence without a full stop */
    char remedy[BACKHAND_CONDITION_REMEDY]; /**< what to do, the same */
    uint64_t key;                           /**< see table/since.h */
    apr_interval_time_t wait;               /**< for how long it must be seen until the log gets a line */
    backhand_condition_lines lines;
} backhand_condition;

#endif
