/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file journal.h
 * @brief The moderator's lines in the error log: one when a condition begins, one when it has ended.
 */
#ifndef BACKHAND_JOURNAL_H
#define BACKHAND_JOURNAL_H

#include "announce/check/health.h"
#include "announce/moderator/intake.h"

#include <httpd.h>

#define BACKHAND_JOURNAL_TEXT BACKHAND_TROUBLE_WHAT

typedef struct backhand_journal {
    server_rec *s;
    backhand_table *table;
    int sockets; /**< MulticastStats' sockets that could not be opened */
} backhand_journal;

void backhand_journal_init(backhand_journal *journal, server_rec *s, backhand_table *table);

/** Notes whether a trouble is there: `rv` is its error, APR_SUCCESS when it is not. The log gets its lines by
 * backhand_journal_look().
 * @param text  what is wrong, without the error; a text of more than BACKHAND_JOURNAL_TEXT is cut off */
void backhand_journal_state(const backhand_journal *journal, backhand_trouble_kind kind, apr_status_t rv,
                            const char *text);

/** Looks at the conditions. Logs those that have begun and those that have ended, each once. Call it about once a
 * second. */
void backhand_journal_look(const backhand_journal *journal);

/** The backhand_problem_fn for backhand_transport_open(); `ctx` is the journal. */
void backhand_journal_problem(void *ctx, const char *text, apr_status_t rv);

/** Notes how many problems with sockets remain. */
void backhand_journal_sockets(backhand_journal *journal, int problems);

/** The backhand_event_fn for an intake; `ctx` is the journal. */
void backhand_journal_event(void *ctx, backhand_event event, backhand_drop reason, int id, const char *sender,
                            const char *detail, int64_t unsaid);

/** Logs that this server's wall clock was set, by `step` us. */
void backhand_journal_clock(const backhand_journal *journal, apr_interval_time_t step);

/** Logs that this server has gone down or come up again. `check`: the first word of BackhandCheck. */
void backhand_journal_health(const backhand_journal *journal, const char *check, const backhand_health *health);

/** Logs that a file of UnixSocketDir is ignored. */
void backhand_journal_ignored(const backhand_journal *journal, const char *path, const char *wrong);

#endif
