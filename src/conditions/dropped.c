/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* Announcements of others that were not believed. */

#include "conditions/list.h"
#include "table/skewed.h"
#include "table/trouble.h"

#include <stdlib.h>

/* For how long a mark that was not believed is told. */
#define MARK_TOLD apr_time_from_sec(60)

static int read_within(const backhand_condition_list *list, backhand_trouble_kind kind, backhand_trouble *out,
                       apr_interval_time_t window)
{
    return backhand_trouble_read(out, list->table, kind) && list->now - out->last <= window;
}

int backhand_list_event(const backhand_condition_list *list, backhand_trouble_kind kind, backhand_trouble *out)
{
    return read_within(list, kind, out, apr_time_from_sec(SERVER_TIMEOUT));
}

static backhand_condition *add_event(backhand_condition_list *list, backhand_condition_kind kind,
                                     const backhand_trouble *event)
{
    backhand_condition *condition = backhand_list_add(list, kind);
    snprintf(condition->subject, sizeof(condition->subject), "%s", event->who);
    return condition;
}

static void tell_dropped(backhand_condition_list *list, backhand_trouble_kind kind, backhand_condition_kind told,
                         const char *remedy)
{
    backhand_trouble event;
    if (backhand_list_event(list, kind, &event)) {
        backhand_condition *condition = add_event(list, told, &event);
        backhand_condition_say(condition, "announcement from %s dropped: %s", event.who, event.what);
        backhand_condition_advise(condition, "%s", remedy);
    }
}

static void tell_sender(backhand_condition_list *list)
{
    backhand_trouble event;
    if (backhand_list_event(list, BACKHAND_TROUBLE_SENDER, &event)) {
        backhand_condition *condition = add_event(list, BACKHAND_UNKNOWN_SENDER, &event);
        backhand_condition_say(condition, "announcement from %s dropped: AcceptStats does not cover that address",
                               event.who);
        backhand_condition_advise(condition, "if it is a server of this farm add \"AcceptStats %s\"", event.who);
    }
}

static void tell_clocks(backhand_condition_list *list)
{
    backhand_skewed skewed;

    if (backhand_skewed_self(list->table)) {
        backhand_condition *condition = backhand_list_add(list, BACKHAND_OWN_CLOCK);
        backhand_condition_say(condition, "every server that is heard has another time, so this server's own clock is "
                                          "probably wrong; it serves all of its requests itself");
        backhand_condition_advise(condition, "set this machine's clock");
    }
    for (int i = 0; i < BACKHAND_SKEWED; i++) {
        if (backhand_skewed_read(&skewed, list->table, i)) {
            backhand_condition *condition = backhand_list_add_server(list, BACKHAND_CLOCK_SKEW, -1, skewed.contact, 0);
            backhand_condition_say(condition,
                                   "the clock of %s (%s) is %.1f s %s this server's, so its announcements are dropped",
                                   skewed.hostname, skewed.contact, (double)llabs(skewed.ahead) / 1000,
                                   skewed.ahead < 0 ? "behind" : "ahead of");
            backhand_condition_advise(condition, "set the clocks of both, or raise BackhandClockSkew");
        }
    }
}

static void tell_full(backhand_condition_list *list)
{
    backhand_trouble event;
    if (backhand_list_event(list, BACKHAND_TROUBLE_FULL, &event)) {
        backhand_condition *condition = add_event(list, BACKHAND_TABLE_FULL, &event);
        backhand_condition_say(condition, "announcement from %s dropped: the table is full of live servers", event.who);
        backhand_condition_advise(condition, "raise \"BackhandMaxServers %d\"", backhand_table_max(list->table));
    }
}

/* Announcements come, and nobody is heard: names the reason for the latest drop. */
static void tell_nobody(backhand_condition_list *list)
{
    static const struct {
        backhand_trouble_kind kind;
        const char *why;
    } reasons[] = {
        {BACKHAND_TROUBLE_SENDER, "AcceptStats does not cover the sender"},
        {BACKHAND_TROUBLE_ITS_CONTACT, "AcceptStats does not cover the sender's contact"},
        {BACKHAND_TROUBLE_FARM, "it is of another farm"},
        {BACKHAND_TROUBLE_SIGNATURE, "it is not signed with a key of BackhandSecretFile"},
        {BACKHAND_TROUBLE_TIME, "the clocks differ by more than BackhandClockSkew"},
        {BACKHAND_TROUBLE_RELEASE, "this release does not understand it"},
    };
    backhand_trouble event, latest = {.last = 0};
    const char *why = NULL;

    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
        if (backhand_list_event(list, reasons[i].kind, &event) && event.last > latest.last) {
            latest = event;
            why = reasons[i].why;
        }
    }
    if (why && backhand_list_sum(list).heard == 0) {
        backhand_condition *condition = add_event(list, BACKHAND_NOBODY_ACCEPTED, &latest);
        backhand_condition_say(condition,
                               "announcements arrive, and none is accepted: that of %s was dropped, because %s",
                               latest.who, why);
        backhand_condition_advise(condition, "compare AcceptStats, BackhandFarm and BackhandSecretFile of this server "
                                             "with those of the farm, and the time");
    }
}

static void tell_rivals(backhand_condition_list *list)
{
    int used = backhand_table_used(list->table), told = 0;
    backhand_announcement announcement;

    for (int id = 0; id < used && told < BACKHAND_CONDITION_SERVERS; id++) {
        if (backhand_table_rival(list->table, id) && backhand_table_read(list->table, id, &announcement, NULL)) {
            backhand_condition *condition =
                backhand_list_add_server(list, BACKHAND_RIVAL, id, announcement.stat.contact, 0);
            backhand_condition_say(condition, "%s and another server both announce the contact %s",
                                   announcement.stat.hostname, announcement.stat.contact);
            backhand_condition_advise(condition, "give one of them another BackhandContact");
            told++;
        }
    }
}

void backhand_list_dropped(backhand_condition_list *list)
{
    tell_nobody(list);
    tell_sender(list);
    tell_dropped(list, BACKHAND_TROUBLE_ITS_CONTACT, BACKHAND_UNKNOWN_CONTACT,
                 "add that address here, or set BackhandContact there");
    tell_dropped(list, BACKHAND_TROUBLE_SIGNATURE, BACKHAND_SECRET_MISMATCH,
                 "if it is a server of this farm give it the keys of BackhandSecretFile");
    tell_clocks(list);
    tell_dropped(list, BACKHAND_TROUBLE_RELEASE, BACKHAND_OTHER_RELEASE,
                 "if it is a server of this farm run the same release on both");
    tell_full(list);
    tell_rivals(list);
}

static void tell_mark(backhand_condition_list *list)
{
    backhand_trouble event;
    if (read_within(list, BACKHAND_TROUBLE_MARK, &event, MARK_TOLD)) {
        backhand_condition *condition = add_event(list, BACKHAND_UNKNOWN_MARK, &event);
        backhand_condition_say(condition, "%s sent a request marked as handed off, but is no accepted sender",
                               event.who);
        backhand_condition_advise(
            condition, "if it is a server of this farm, or translates the addresses of some, add \"AcceptStats %s\"",
            event.who);
    }
}

static void tell_bad_mark(backhand_condition_list *list)
{
    backhand_trouble event;
    if (read_within(list, BACKHAND_TROUBLE_BAD_MARK, &event, MARK_TOLD)) {
        backhand_condition *condition = add_event(list, BACKHAND_BAD_MARK, &event);
        backhand_condition_say(condition, "%s sent a request whose mark is ignored: %s", event.who, event.what);
        backhand_condition_advise(condition, "if it is a server of this farm, give both the same keys in "
                                             "BackhandSecretFile, and the right time");
    }
}

void backhand_list_marks(backhand_condition_list *list)
{
    tell_mark(list);
    tell_bad_mark(list);
}
