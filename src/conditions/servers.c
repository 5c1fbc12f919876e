/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* The other servers that this one knows, and whether it hears them. */

#include "announce/check/health.h"
#include "conditions/list.h"
#include "table/link.h"
#include "table/trouble.h"

#include <inttypes.h>

/* A server that is lost for longer is taken for one that was removed. */
#define LOST_TOLD apr_time_from_sec(24 * 3600)

int backhand_list_is_lost(const backhand_condition_list *list, int id, const backhand_slot_state *state)
{
    return list->now - state->heard > apr_time_from_sec(SERVER_TIMEOUT) && backhand_table_silent(list->table, id);
}

static apr_interval_time_t interval_of(const backhand_condition_list *list, int id)
{
    return apr_time_from_msec(BACKHAND_TABLE_ANNOUNCED(list->table, id, interval));
}

backhand_hearing_sum backhand_list_sum(const backhand_condition_list *list)
{
    backhand_hearing_sum sum = {0, 0, 0, 0};
    int used = backhand_table_used(list->table);
    backhand_slot_state state;

    for (int id = 1; id < used; id++) {
        backhand_table_state(list->table, id, &state);
        if (state.left || backhand_table_forgotten(list->table, id)) {
            continue;
        }
        sum.known++;
        sum.heard += !backhand_list_is_lost(list, id, &state);
        sum.newest = state.heard > sum.newest ? state.heard : sum.newest;
        sum.interval = interval_of(list, id) > sum.interval ? interval_of(list, id) : sum.interval;
    }
    return sum;
}

/* A new moderator, and one that stood still, hear a server only when it announces itself the next time. */
static void listen_first(backhand_condition *condition, apr_interval_time_t interval)
{
    condition->wait += interval;
}

static backhand_condition *add_silence(backhand_condition_list *list, backhand_condition_kind kind, apr_time_t began,
                                       apr_interval_time_t interval)
{
    backhand_condition *condition = backhand_list_add_server(list, kind, -1, "", began);
    listen_first(condition, interval);
    return condition;
}

/* A broker that hangs looks like this to all of its servers, until the connection to it is given up. */
static void advise_deaf(const backhand_condition_list *list, backhand_condition *condition)
{
    backhand_link link;
    if (backhand_link_read(&link, list->table) && *link.broker) {
        backhand_condition_advise(condition,
                                  "see whether the broker %s runs and answers, and look at this machine's network: "
                                  "its interface, its firewall, its switch",
                                  link.broker);
    }
    else {
        backhand_condition_advise(condition, "look at this machine's network: its interface, its firewall, its switch");
    }
}

void backhand_list_hearing(backhand_condition_list *list)
{
    backhand_hearing_sum sum = backhand_list_sum(list);
    backhand_condition *condition;

    if (!backhand_list_is_hearing(list)) {
        return;
    }
    if (backhand_table_deaf(list->table)) {
        condition = add_silence(list, BACKHAND_DEAF, sum.newest, sum.interval);
        backhand_condition_say(condition, "all other servers fell silent at the same time, so this server probably "
                                          "hears nothing; it goes on by the last figures of each");
        advise_deaf(list, condition);
    }
    else if (sum.known > 0 && sum.heard == 0) {
        condition = add_silence(list, BACKHAND_ALL_STALE, sum.newest, sum.interval);
        backhand_condition_say(condition,
                               "none of the other servers, %d, has been heard for %" PRId64
                               " s, so this server serves its requests itself",
                               sum.known, (int64_t)apr_time_sec(list->now - sum.newest));
        backhand_condition_advise(condition, "see whether they run, and by tcpdump whether their announcements reach "
                                             "this machine");
    }
}

static int nothing_dropped(const backhand_condition_list *list)
{
    backhand_trouble event;
    for (int kind = BACKHAND_TROUBLE_SENDER; kind <= BACKHAND_TROUBLE_FULL; kind++) {
        if (backhand_list_event(list, kind, &event)) {
            return 0;
        }
    }
    return 1;
}

void backhand_list_no_peers(backhand_condition_list *list)
{
    backhand_trouble setting;

    if (!backhand_list_is_hearing(list) ||
        backhand_trouble_read(&setting, list->table, BACKHAND_TROUBLE_NO_DESTINATION) ||
        backhand_list_sum(list).known > 0 || !nothing_dropped(list)) {
        return;
    }
    backhand_condition *condition = backhand_list_add(list, BACKHAND_NO_PEERS);
    backhand_condition_say(condition, "no announcement of another server comes, so this server is alone");
    backhand_condition_advise(condition, "start the others; if they run, see by tcpdump whether their announcements "
                                         "reach this machine: a firewall, or a network without multicast, stops them");
}

static void tell_down(backhand_condition_list *list, int id, const backhand_announcement *announcement)
{
    char text[BACKHAND_HEALTH_TEXT];
    int64_t down = announcement->stat.down;
    backhand_condition *condition = backhand_list_add_server(list, BACKHAND_SERVER_DOWN, id, announcement->stat.contact,
                                                             list->now - apr_time_from_sec(down));
    backhand_condition_say(condition, "server %s (%s) is down, because its BackhandCheck fails: %s",
                           announcement->stat.hostname, announcement->stat.contact,
                           backhand_health_text(announcement->stat.why, text));
    backhand_condition_advise(condition, "look at the application on that server");
}

static void tell_lost(backhand_condition_list *list, int id, const backhand_announcement *announcement,
                      apr_time_t heard)
{
    backhand_condition *condition =
        backhand_list_add_server(list, BACKHAND_SERVER_LOST, id, announcement->stat.contact, heard);
    listen_first(condition, apr_time_from_msec(announcement->interval));
    backhand_condition_say(condition, "server %s (%s) has not been heard for %" PRId64 " s",
                           announcement->stat.hostname, announcement->stat.contact,
                           (int64_t)apr_time_sec(list->now - heard));
    backhand_condition_advise(condition, "start it, or look at its network; if it was removed for good, this condition "
                                         "ends by itself after a day");
}

static void tell_more(backhand_condition_list *list, backhand_condition_kind kind, int more, const char *what)
{
    if (more > 0) {
        backhand_condition *condition = backhand_list_add(list, kind);
        backhand_condition_say(condition, "%d more servers are %s", more, what);
        backhand_condition_advise(condition, "see the table of servers");
    }
}

static int is_told_lost(const backhand_condition_list *list, int id, const backhand_slot_state *state)
{
    return backhand_list_is_lost(list, id, state) && list->now - state->heard < LOST_TOLD;
}

static void tell_all_down(backhand_condition_list *list, int used)
{
    backhand_announcement announcement;
    backhand_slot_state state;
    int found = 0;

    for (int id = 1; id < used; id++) {
        backhand_table_state(list->table, id, &state);
        if (state.left || backhand_list_is_lost(list, id, &state) ||
            BACKHAND_TABLE_ANNOUNCED(list->table, id, stat.down) <= 0 ||
            !backhand_table_read(list->table, id, &announcement, NULL)) {
            continue;
        }
        if (found++ < BACKHAND_CONDITION_SERVERS) {
            tell_down(list, id, &announcement);
        }
    }
    tell_more(list, BACKHAND_SERVER_DOWN, found - BACKHAND_CONDITION_SERVERS, "down");
}

static void tell_all_lost(backhand_condition_list *list, int used)
{
    backhand_announcement announcement;
    backhand_slot_state state;
    int found = 0;

    for (int id = 1; id < used; id++) {
        backhand_table_state(list->table, id, &state);
        if (state.left || !is_told_lost(list, id, &state) ||
            !backhand_table_read(list->table, id, &announcement, NULL)) {
            continue;
        }
        if (found++ < BACKHAND_CONDITION_SERVERS) {
            tell_lost(list, id, &announcement, state.heard);
        }
    }
    tell_more(list, BACKHAND_SERVER_LOST, found - BACKHAND_CONDITION_SERVERS, "lost");
}

void backhand_list_servers(backhand_condition_list *list)
{
    int used = backhand_table_used(list->table);
    tell_all_down(list, used);
    if (backhand_list_is_hearing(list)) {
        tell_all_lost(list, used);
    }
}
