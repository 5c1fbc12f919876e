/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "announce/moderator/journal.h"

#include "conditions/conditions.h"
#include "config/config.h"
#include "table/trouble.h"

#include <http_log.h>

#include <apr_strings.h>

#include <stdio.h>
#include <string.h>

APLOG_USE_MODULE(backhand);

/* A condition that is back so soon has not ended. */
#define LINGER apr_time_from_sec(3)

void backhand_journal_init(backhand_journal *journal, server_rec *s, backhand_table *table)
{
    memset(journal, 0, sizeof(*journal));
    journal->s = s;
    journal->table = table;
}

void backhand_journal_state(const backhand_journal *journal, backhand_trouble_kind kind, apr_status_t rv,
                            const char *text)
{
    char error[120], what[BACKHAND_TROUBLE_WHAT];

    if (rv == APR_SUCCESS) {
        backhand_trouble_end(journal->table, kind);
        return;
    }
    snprintf(what, sizeof(what), "%s (%s)", text, apr_strerror(rv, error, sizeof(error)));
    backhand_trouble_note(journal->table, kind, "", what);
}

static void log_begin(const backhand_journal *journal, const backhand_condition *condition)
{
    int level = condition->severity == BACKHAND_SEVERITY_NOTICE    ? APLOG_NOTICE
                : condition->severity == BACKHAND_SEVERITY_WARNING ? APLOG_WARNING
                                                                   : APLOG_ERR;
    ap_log_error(APLOG_MARK, level, 0, journal->s, "backhand: %s; %s [%s]", condition->text, condition->remedy,
                 condition->name);
}

static void look_at(const backhand_journal *journal, const backhand_condition *condition)
{
    char text[BACKHAND_SINCE_TEXT];
    /* A condition without a line in the log is remembered only for the time of its beginning. */
    apr_interval_time_t wait = condition->lines == BACKHAND_LINES_NONE ? APR_INT64_MAX : condition->wait;

    snprintf(text, sizeof(text), "%.*s [%s]", (int)sizeof(text) - 40, condition->text, condition->name);
    if (backhand_since_hold(journal->table, condition->key, condition->since, wait, text) &&
        condition->lines == BACKHAND_LINES_BOTH) {
        log_begin(journal, condition);
    }
}

void backhand_journal_look(const backhand_journal *journal)
{
    backhand_condition conditions[BACKHAND_CONDITIONS];
    char text[BACKHAND_SINCE_TEXT];
    int n = backhand_conditions_read(conditions, journal->table);

    for (int i = 0; i < n; i++) {
        look_at(journal, &conditions[i]);
    }
    while (backhand_since_ended(journal->table, LINGER, text)) {
        ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, journal->s, "backhand: resolved: %s", text);
    }
}

void backhand_journal_problem(void *ctx, const char *text, apr_status_t rv)
{
    backhand_journal *journal = ctx;
    journal->sockets++;
    ap_log_error(APLOG_MARK, APLOG_WARNING, rv, journal->s, "backhand: %s; the moderator tries again", text);
    backhand_journal_state(journal, BACKHAND_TROUBLE_SOCKET, rv, text);
}

void backhand_journal_sockets(backhand_journal *journal, int problems)
{
    if (problems == 0) {
        backhand_trouble_end(journal->table, BACKHAND_TROUBLE_SOCKET);
    }
    if (problems == 0 && journal->sockets > 0) {
        ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, journal->s, "backhand: all sockets of MulticastStats are open now");
    }
    journal->sockets = problems;
}

void backhand_journal_clock(const backhand_journal *journal, apr_interval_time_t step)
{
    apr_interval_time_t size = step > 0 ? step : -step;
    ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, journal->s,
                 "backhand: this server's clock was set %s by %" APR_TIME_T_FMT ".%03d s", step > 0 ? "ahead" : "back",
                 apr_time_sec(size), (int)(size / 1000 % 1000));
}

void backhand_journal_health(const backhand_journal *journal, const char *check, const backhand_health *health)
{
    char text[BACKHAND_HEALTH_TEXT];
    if (health->down) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, journal->s,
                     "backhand: this server is down: BackhandCheck %s fails: %s; other servers get its requests until "
                     "the check succeeds; look at the application",
                     check, backhand_health_text(health->why, text));
    }
    else {
        ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, journal->s, "backhand: this server is up: BackhandCheck %s succeeds",
                     check);
    }
}

void backhand_journal_ignored(const backhand_journal *journal, const char *path, const char *wrong)
{
    ap_log_error(
        APLOG_MARK, APLOG_WARNING, 0, journal->s,
        "backhand: file %s is ignored: %s; remove it, and give UnixSocketDir a folder where nobody but httpd's "
        "user writes",
        path, wrong);
}

/* The other reasons are conditions. */
static void log_dropped(const backhand_journal *journal, backhand_drop reason, const char *sender, const char *detail,
                        const char *more)
{
    server_rec *s = journal->s;
    if (reason == BACKHAND_DROP_TIME) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, s,
                     "backhand: announcement from %s dropped: it was stamped %s by this server's clock; set the clocks "
                     "of both, or raise BackhandClockSkew%s",
                     sender, detail, more);
    }
    else {
        ap_log_error(APLOG_MARK, APLOG_DEBUG, 0, s, "backhand: announcement from %s dropped (%s) %s%s", sender,
                     backhand_drop_name(reason), detail, more);
    }
}

void backhand_journal_event(void *ctx, backhand_event event, backhand_drop reason, int id, const char *sender,
                            const char *detail, int64_t unsaid)
{
    const backhand_journal *journal = ctx;
    char more[64] = "";
    (void)id;
    if (unsaid > 0) {
        snprintf(more, sizeof(more), " (%lld more such lines until now)", (long long)unsaid);
    }
    switch (event) {
    case BACKHAND_EVENT_DROPPED:
        log_dropped(journal, reason, sender, detail, more);
        break;
    case BACKHAND_EVENT_RIVAL:
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, journal->s,
                     "backhand: %s (heard from %s): give one of them another BackhandContact%s", detail, sender, more);
        break;
    case BACKHAND_EVENT_JOINED:
        ap_log_error(APLOG_MARK, APLOG_INFO, 0, journal->s, "backhand: server %s joined%s", detail, more);
        break;
    case BACKHAND_EVENT_ORDER:
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, journal->s,
                     "backhand: order in an announcement from %s ignored: it is not signed; servers obey orders of "
                     "others only if all have a BackhandSecretFile%s",
                     sender, more);
        break;
    case BACKHAND_EVENT_MOVED:
        ap_log_error(APLOG_MARK, APLOG_INFO, 0, journal->s, "backhand: server moved: %s%s", detail, more);
        break;
    case BACKHAND_EVENT_LEFT:
        ap_log_error(APLOG_MARK, APLOG_INFO, 0, journal->s, "backhand: server %s left%s", detail, more);
        break;
    }
}
