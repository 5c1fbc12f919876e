/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file journal.h
 * @brief The moderator's lines in the error log: one when a condition begins, one when it is resolved.
 */
#ifndef BACKHAND_JOURNAL_H
#define BACKHAND_JOURNAL_H

#include "announce/check/health.h"
#include "announce/moderator/intake.h"

#include <httpd.h>

#define BACKHAND_JOURNAL_TEXT 640

typedef enum backhand_state {
    BACKHAND_STATE_SEND,    /**< announcements can be sent */
    BACKHAND_STATE_FIGURES, /**< this machine's figures can be read */
    BACKHAND_STATE_CONTACT, /**< this server's contact is known */
    BACKHAND_STATE_SEEN,    /**< accepted announcements can be remembered across restarts */
    BACKHAND_STATES
} backhand_state;

typedef struct backhand_journal {
    server_rec *s;
    int max_servers;
    int sockets;                                      /**< MulticastStats' sockets that could not be opened */
    char bad[BACKHAND_STATES][BACKHAND_JOURNAL_TEXT]; /**< the logged text of a bad state; else empty */
} backhand_journal;

void backhand_journal_init(backhand_journal *journal, server_rec *s, int max_servers);

/** Notes a state: logs a warning with `text` when the state becomes bad, and a notice when it is good again. */
void backhand_journal_state(backhand_journal *journal, backhand_state state, apr_status_t rv, const char *text);

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
