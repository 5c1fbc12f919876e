/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* Conditions that this server sees of itself. */

#include "announce/check/health.h"
#include "conditions/list.h"
#include "table/counters.h"
#include "table/trouble.h"

#include <apr_strings.h>

#include <inttypes.h>

/* The moderator's loop waits for 1 s at most. */
#define HANGS apr_time_from_sec(5)

int backhand_list_is_hearing(const backhand_condition_list *list)
{
    apr_time_t beat = backhand_table_last_beat(list->table);
    return beat && list->now - beat < HANGS;
}

static void look_at_moderator(backhand_condition_list *list)
{
    apr_time_t beat = backhand_table_last_beat(list->table);
    backhand_condition *condition;

    if (backhand_list_is_hearing(list)) {
        return;
    }
    condition = backhand_list_add_server(list, BACKHAND_NO_MODERATOR, -1, "", beat);
    if (beat) {
        backhand_condition_say(condition,
                               "the moderator process has done nothing for %" PRId64
                               " s, so this server announces nothing and hears nothing",
                               (int64_t)apr_time_sec(list->now - beat));
    }
    else {
        backhand_condition_say(condition, "the moderator process has not started, so this server announces nothing and "
                                          "hears nothing");
    }
    backhand_condition_advise(condition, "httpd starts another one within half a minute; if that does not help, look "
                                         "in the error log for lines about the moderator");
}

/* @return the trouble's text, NULL when there is none */
static const char *lasting(const backhand_condition_list *list, backhand_trouble_kind kind, backhand_trouble *out)
{
    return backhand_trouble_read(out, list->table, kind) ? out->what : NULL;
}

/* The text of the trouble, as the process wrote it that noticed it, and the remedy. */
static void tell(backhand_condition_list *list, backhand_trouble_kind trouble, backhand_condition_kind kind,
                 const char *remedy)
{
    backhand_trouble found;
    const char *text = lasting(list, trouble, &found);

    if (text) {
        backhand_condition *condition = backhand_list_add(list, kind);
        backhand_condition_say(condition, "%s", text);
        backhand_condition_advise(condition, "%s", remedy);
    }
}

void backhand_list_settings(backhand_condition_list *list)
{
    look_at_moderator(list);
    tell(list, BACKHAND_TROUBLE_NO_ACCEPT, BACKHAND_NO_ACCEPT,
         "add AcceptStats with the addresses of this farm's servers, and restart httpd");
    tell(list, BACKHAND_TROUBLE_SOCKET, BACKHAND_NO_SOCKET,
         "see whether another program has the port, and whether MulticastStats names an address of this machine; the "
         "moderator tries again every 5 s");
    tell(list, BACKHAND_TROUBLE_NAME, BACKHAND_NO_NAME,
         "correct the name in MulticastStats or in DNS; the moderator tries again every 5 s");
    tell(list, BACKHAND_TROUBLE_SEND, BACKHAND_NO_ROUTE,
         "add a route to that address, name this machine's address in MulticastStats before it, or let the firewall "
         "pass UDP");
    tell(list, BACKHAND_TROUBLE_CONTACT, BACKHAND_NO_CONTACT, "set BackhandContact");
    tell(list, BACKHAND_TROUBLE_FIGURES, BACKHAND_NO_FIGURES, "mount /proc where httpd's user can read it");
    tell(list, BACKHAND_TROUBLE_SEEN, BACKHAND_NO_SEEN_FILE,
         "make room on that file system, and let httpd's user write there");
    tell(list, BACKHAND_TROUBLE_DUTY, BACKHAND_NO_DUTY_FILE,
         "make room on that file system, and let httpd's user write there; then give the order again");
    tell(list, BACKHAND_TROUBLE_ECHO, BACKHAND_NO_ECHO,
         "see whether a firewall on this machine drops UDP to the port of MulticastStats, and whether the interface "
         "that MulticastStats leads to is up and carries multicast");
    tell(
        list, BACKHAND_TROUBLE_BROKER, BACKHAND_NO_BROKER,
        "see whether the brokers of BackhandTransport run, whether a firewall lets this server reach them, and whether "
        "they accept its credentials; the moderator tries again every few seconds");
}

void backhand_list_application(backhand_condition_list *list)
{
    int64_t down = BACKHAND_TABLE_ANNOUNCED(list->table, 0, stat.down);
    char text[BACKHAND_HEALTH_TEXT];

    if (down > 0) {
        backhand_condition *condition =
            backhand_list_add_server(list, BACKHAND_APPLICATION_DOWN, 0, "", list->now - apr_time_from_sec(down));
        backhand_condition_say(condition,
                               "this server is down, because BackhandCheck fails: %s; other servers get its requests",
                               backhand_health_text(BACKHAND_TABLE_ANNOUNCED(list->table, 0, stat.why), text));
        backhand_condition_advise(condition, "look at the application on this server");
    }
    tell(list, BACKHAND_TROUBLE_NO_DESTINATION, BACKHAND_NO_DESTINATION,
         "to make this server part of a farm, add MulticastStats with the farm's group or servers, and AcceptStats; "
         "then restart httpd");
}
