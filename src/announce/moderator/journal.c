/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "announce/moderator/journal.h"

#include "config/config.h"

#include <http_log.h>

#include <apr_strings.h>

#include <stdio.h>
#include <string.h>

APLOG_USE_MODULE(backhand);

void backhand_journal_init(backhand_journal *journal, server_rec *s, int max_servers)
{
    memset(journal, 0, sizeof(*journal));
    journal->s = s;
    journal->max_servers = max_servers;
}

void backhand_journal_state(backhand_journal *journal, backhand_state state, apr_status_t rv, const char *text)
{
    char *bad = journal->bad[state];
    if (rv != APR_SUCCESS && !*bad) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, rv, journal->s, "backhand: %s", text);
        apr_cpystrn(bad, text, BACKHAND_JOURNAL_TEXT);
    }
    else if (rv == APR_SUCCESS && *bad) {
        ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, journal->s, "backhand: resolved: %s", bad);
        *bad = '\0';
    }
}

void backhand_journal_problem(void *ctx, const char *text, apr_status_t rv)
{
    backhand_journal *journal = ctx;
    journal->sockets++;
    ap_log_error(APLOG_MARK, APLOG_WARNING, rv, journal->s, "backhand: %s; the moderator tries again", text);
}

void backhand_journal_sockets(backhand_journal *journal, int problems)
{
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

static void log_dropped(const backhand_journal *journal, backhand_drop reason, const char *sender, const char *detail,
                        const char *more)
{
    server_rec *s = journal->s;
    switch (reason) {
    case BACKHAND_DROP_SENDER:
        ap_log_error(
            APLOG_MARK, APLOG_WARNING, 0, s,
            "backhand: announcement from %s dropped: AcceptStats does not cover that address; if it is a server "
            "of this farm add \"AcceptStats %s\"%s",
            sender, sender, more);
        break;
    case BACKHAND_DROP_CONTACT:
        ap_log_error(
            APLOG_MARK, APLOG_WARNING, 0, s,
            "backhand: announcement from %s dropped: AcceptStats does not cover the contact %s that it names; add "
            "that address here, or set BackhandContact there%s",
            sender, detail, more);
        break;
    case BACKHAND_DROP_FULL:
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, s,
                     "backhand: announcement from %s dropped: the table is full of live servers; raise "
                     "\"BackhandMaxServers %d\"%s",
                     sender, journal->max_servers, more);
        break;
    case BACKHAND_DROP_SIGNATURE:
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, s,
                     "backhand: announcement from %s dropped: %s; if it is a server of this farm give it the keys of "
                     "BackhandSecretFile%s",
                     sender, detail, more);
        break;
    case BACKHAND_DROP_TIME:
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, s,
                     "backhand: announcement from %s dropped: it was stamped %s by this server's clock; set the clocks "
                     "of both, or raise BackhandClockSkew%s",
                     sender, detail, more);
        break;
    case BACKHAND_DROP_FARM:
    case BACKHAND_DROP_OLD:
        ap_log_error(APLOG_MARK, APLOG_DEBUG, 0, s, "backhand: announcement from %s dropped (%s) %s%s", sender,
                     backhand_drop_name(reason), detail, more);
        break;
    default:
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, s,
                     "backhand: announcement from %s dropped: this release does not understand it (%s%s%s)%s", sender,
                     backhand_drop_name(reason), *detail ? ", key " : "", detail, more);
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
    case BACKHAND_EVENT_LEFT:
        ap_log_error(APLOG_MARK, APLOG_INFO, 0, journal->s, "backhand: server %s left%s", detail, more);
        break;
    }
}
