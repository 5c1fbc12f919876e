/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "conditions/list.h"
#include "base/hash.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

typedef struct kind {
    const char *name;
    backhand_severity severity;
    int wait; /* s */
    backhand_condition_lines lines;
} kind;

/* The names are those of docs/operations.md. */
static const kind kinds[BACKHAND_CONDITION_KINDS] = {
    [BACKHAND_NO_MODERATOR] = {"no-moderator", BACKHAND_SEVERITY_ERROR, 0, BACKHAND_LINES_NONE},
    [BACKHAND_NO_ACCEPT] = {"no-accept", BACKHAND_SEVERITY_WARNING, 0, BACKHAND_LINES_NONE},
    [BACKHAND_NO_SOCKET] = {"no-socket", BACKHAND_SEVERITY_WARNING, 0, BACKHAND_LINES_NONE},
    [BACKHAND_NO_NAME] = {"no-name", BACKHAND_SEVERITY_WARNING, 0, BACKHAND_LINES_NONE},
    [BACKHAND_NO_ROUTE] = {"no-route", BACKHAND_SEVERITY_WARNING, 3, BACKHAND_LINES_BOTH},
    [BACKHAND_NO_CONTACT] = {"no-contact", BACKHAND_SEVERITY_WARNING, 10, BACKHAND_LINES_BOTH},
    [BACKHAND_NO_FIGURES] = {"no-figures", BACKHAND_SEVERITY_WARNING, 0, BACKHAND_LINES_BOTH},
    [BACKHAND_NO_SEEN_FILE] = {"no-seen-file", BACKHAND_SEVERITY_WARNING, 0, BACKHAND_LINES_BOTH},
    [BACKHAND_NO_DUTY_FILE] = {"no-duty-file", BACKHAND_SEVERITY_WARNING, 0, BACKHAND_LINES_BOTH},
    [BACKHAND_NO_ECHO] = {"no-echo", BACKHAND_SEVERITY_WARNING, 0, BACKHAND_LINES_BOTH},
    [BACKHAND_NO_BROKER] = {"no-broker", BACKHAND_SEVERITY_WARNING, 3, BACKHAND_LINES_BOTH},
    [BACKHAND_DEAF] = {"deaf", BACKHAND_SEVERITY_WARNING, 3, BACKHAND_LINES_BOTH},
    [BACKHAND_ALL_STALE] = {"all-stale", BACKHAND_SEVERITY_WARNING, 3, BACKHAND_LINES_BOTH},
    [BACKHAND_NOBODY_ACCEPTED] = {"nobody-accepted", BACKHAND_SEVERITY_WARNING, 5, BACKHAND_LINES_BOTH},
    [BACKHAND_UNKNOWN_SENDER] = {"unknown-sender", BACKHAND_SEVERITY_WARNING, 0, BACKHAND_LINES_BOTH},
    [BACKHAND_UNKNOWN_CONTACT] = {"unknown-contact", BACKHAND_SEVERITY_WARNING, 0, BACKHAND_LINES_BOTH},
    [BACKHAND_SECRET_MISMATCH] = {"secret-mismatch", BACKHAND_SEVERITY_WARNING, 0, BACKHAND_LINES_BOTH},
    [BACKHAND_OWN_CLOCK] = {"own-clock", BACKHAND_SEVERITY_WARNING, 5, BACKHAND_LINES_BOTH},
    [BACKHAND_CLOCK_SKEW] = {"clock-skew", BACKHAND_SEVERITY_WARNING, 0, BACKHAND_LINES_END},
    [BACKHAND_OTHER_RELEASE] = {"other-release", BACKHAND_SEVERITY_WARNING, 0, BACKHAND_LINES_BOTH},
    [BACKHAND_TABLE_FULL] = {"table-full", BACKHAND_SEVERITY_WARNING, 0, BACKHAND_LINES_BOTH},
    [BACKHAND_RIVAL] = {"rival", BACKHAND_SEVERITY_WARNING, 0, BACKHAND_LINES_END},
    [BACKHAND_UNKNOWN_MARK] = {"unknown-mark", BACKHAND_SEVERITY_WARNING, 0, BACKHAND_LINES_END},
    [BACKHAND_BAD_MARK] = {"bad-mark", BACKHAND_SEVERITY_WARNING, 0, BACKHAND_LINES_END},
    [BACKHAND_APPLICATION_DOWN] = {"application-down", BACKHAND_SEVERITY_WARNING, 0, BACKHAND_LINES_NONE},
    [BACKHAND_NO_DESTINATION] = {"no-destination", BACKHAND_SEVERITY_NOTICE, 0, BACKHAND_LINES_BOTH},
    [BACKHAND_NO_PEERS] = {"no-peers", BACKHAND_SEVERITY_NOTICE, 10, BACKHAND_LINES_BOTH},
    [BACKHAND_SERVER_DOWN] = {"server-down", BACKHAND_SEVERITY_NOTICE, 0, BACKHAND_LINES_BOTH},
    [BACKHAND_SERVER_LOST] = {"server-lost", BACKHAND_SEVERITY_NOTICE, 3, BACKHAND_LINES_BOTH},
};

static backhand_condition *next_place(backhand_condition_list *list)
{
    backhand_condition *place = list->count < BACKHAND_CONDITIONS ? &list->out[list->count++] : &list->spare;
    memset(place, 0, sizeof(*place));
    return place;
}

static uint64_t key_of(const kind *what, const char *contact)
{
    uint64_t key = backhand_hash_add(BACKHAND_HASH_SEED, what->name, strlen(what->name) + 1);
    key = backhand_hash_add(key, contact, strlen(contact));
    return key ? key : 1;
}

backhand_condition *backhand_list_add_server(backhand_condition_list *list, backhand_condition_kind kind_of, int id,
                                             const char *contact, apr_time_t began)
{
    const kind *what = &kinds[kind_of];
    backhand_condition *condition = next_place(list);

    condition->name = what->name;
    condition->severity = what->severity;
    condition->id = id;
    apr_cpystrn(condition->subject, contact, sizeof(condition->subject));
    condition->key = key_of(what, contact);
    condition->wait = apr_time_from_sec(what->wait);
    condition->lines = what->lines;
    condition->since = began ? began : backhand_since_get(list->table, condition->key);
    if (!condition->since) {
        condition->since = list->now;
    }
    return condition;
}

backhand_condition *backhand_list_add(backhand_condition_list *list, backhand_condition_kind kind_of)
{
    return backhand_list_add_server(list, kind_of, -1, "", 0);
}

/* A broker may choose bytes of its address and of its errors. */
static void make_printable(char *text)
{
    for (; *text; text++) {
        *text = apr_isprint(*text) ? *text : '?';
    }
}

void backhand_condition_say(backhand_condition *condition, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(condition->text, sizeof(condition->text), format, arguments);
    va_end(arguments);
    make_printable(condition->text);
}

void backhand_condition_advise(backhand_condition *condition, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(condition->remedy, sizeof(condition->remedy), format, arguments);
    va_end(arguments);
    make_printable(condition->remedy);
}
