/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file list.h
 * @brief A list of conditions that is being filled. Only for the files of this folder. Core: no httpd.
 */
#ifndef BACKHAND_CONDITIONS_LIST_H
#define BACKHAND_CONDITIONS_LIST_H

#include "conditions/condition.h"

/** In the order of the list. */
typedef enum backhand_condition_kind {
    BACKHAND_NO_MODERATOR,
    BACKHAND_NO_ACCEPT,
    BACKHAND_NO_SOCKET,
    BACKHAND_NO_NAME,
    BACKHAND_NO_ROUTE,
    BACKHAND_NO_CONTACT,
    BACKHAND_NO_FIGURES,
    BACKHAND_NO_SEEN_FILE,
    BACKHAND_NO_DUTY_FILE,
    BACKHAND_NO_ECHO,
    BACKHAND_NO_BROKER,
    BACKHAND_DEAF,
    BACKHAND_ALL_STALE,
    BACKHAND_NOBODY_ACCEPTED,
    BACKHAND_UNKNOWN_SENDER,
    BACKHAND_UNKNOWN_CONTACT,
    BACKHAND_SECRET_MISMATCH,
    BACKHAND_OWN_CLOCK,
    BACKHAND_CLOCK_SKEW,
    BACKHAND_OTHER_RELEASE,
    BACKHAND_TABLE_FULL,
    BACKHAND_RIVAL,
    BACKHAND_UNKNOWN_MARK,
    BACKHAND_BAD_MARK,
    BACKHAND_APPLICATION_DOWN,
    BACKHAND_NO_DESTINATION,
    BACKHAND_NO_PEERS,
    BACKHAND_SERVER_DOWN,
    BACKHAND_SERVER_LOST,
    BACKHAND_CONDITION_KINDS
} backhand_condition_kind;

typedef struct backhand_condition_list {
    const backhand_table *table;
    apr_time_t now;
    backhand_condition *out;
    int count;
    backhand_condition spare; /**< written when the list is full */
} backhand_condition_list;

/** Adds a condition about this server, without texts. @return it; never NULL */
backhand_condition *backhand_list_add(backhand_condition_list *list, backhand_condition_kind kind);

/** Adds one about another server. @param id  its entry; -1: none @param began  when it began, 0: not known */
backhand_condition *backhand_list_add_server(backhand_condition_list *list, backhand_condition_kind kind, int id,
                                             const char *contact, apr_time_t began);

/** Writes what is wrong, and what to do. */
void backhand_condition_say(backhand_condition *condition, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void backhand_condition_advise(backhand_condition *condition, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** The conditions of each subject, in order. */
void backhand_list_settings(backhand_condition_list *list);
void backhand_list_hearing(backhand_condition_list *list);
void backhand_list_dropped(backhand_condition_list *list);
void backhand_list_marks(backhand_condition_list *list);
void backhand_list_application(backhand_condition_list *list);
void backhand_list_no_peers(backhand_condition_list *list);
void backhand_list_servers(backhand_condition_list *list);

/** False if the moderator stands still, or none runs: the silence of others says nothing then. */
int backhand_list_is_hearing(const backhand_condition_list *list);

/** Reads an event that was noted lately. @return 0: there is none */
int backhand_list_event(const backhand_condition_list *list, backhand_trouble_kind kind, backhand_trouble *out);

/** How many of the other servers the moderator hears. */
typedef struct backhand_hearing_sum {
    int known;                    /**< servers that have an entry and have not left */
    int heard;                    /**< those of them that were heard within SERVER_TIMEOUT, or 3 of their intervals */
    apr_time_t newest;            /**< when one of them was last heard; 0: never */
    apr_interval_time_t interval; /**< the longest of their BackhandInterval */
} backhand_hearing_sum;

backhand_hearing_sum backhand_list_sum(const backhand_condition_list *list);

/** True if the server has been silent for more than SERVER_TIMEOUT, and 3 of its intervals. */
int backhand_list_is_lost(const backhand_condition_list *list, int id, const backhand_slot_state *state);

#endif
