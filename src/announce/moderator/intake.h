/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file intake.h
 * @brief From a datagram to the table: every check between the network and what policies see. Core: no httpd.
 */
#ifndef BACKHAND_INTAKE_H
#define BACKHAND_INTAKE_H

#include "announce/net/accept.h"
#include "announce/wire/message.h"
#include "trust/seen.h"

/** What is worth a log line. */
typedef enum backhand_event {
    BACKHAND_EVENT_DROPPED, /**< a datagram was dropped; `reason` and `detail` say why. At most one a minute a reason */
    BACKHAND_EVENT_RIVAL, /**< another server announces the contact of `id`; `detail` names both. At most one a minute */
    BACKHAND_EVENT_JOINED, /**< a server is new in the table, or back after it left or fell silent */
    BACKHAND_EVENT_LEFT    /**< a server announced that it leaves */
} backhand_event;

/** Lines about servers that come and go, each of the two kinds, a minute; more are counted only. */
#define BACKHAND_EVENT_BURST 200

/** Calls the log; `sender` is a numeric address, `detail` text that is safe to log ("" when there is nothing to add).
 * `unsaid`: events of this reason since the last call that were counted only. */
typedef void (*backhand_event_fn)(void *ctx, backhand_event event, backhand_drop reason, int id, const char *sender,
                                  const char *detail, int64_t unsaid);

/** Kinds of events that are counted apart: the reasons, then rivals, joined, left. */
#define BACKHAND_QUIET (BACKHAND_DROP_REASONS + 3)

typedef struct backhand_intake {
    backhand_table *table;
    const backhand_accept_list *accept;
    const char *farm;
    uint64_t boot;             /**< own boot id: own announcements that come back are ignored */
    const backhand_keys *keys; /**< one of these must have signed; NULL: signatures and times are not looked at */
    int optional;              /**< what is not signed at all is taken as without keys */
    apr_interval_time_t skew;  /**< how long ago or ahead a signed announcement may be stamped */
    apr_time_t started;        /**< when this server started to listen, by the table's `now`; for `seen` */
    backhand_seen *seen;       /**< what was taken in; set when `keys` is */
    backhand_event_fn event;
    void *event_ctx;
    int64_t raised; /**< out: the highest load_hwm that a server newly raised; taker sets it back to 0 */
    int taken;      /**< out: the slot that the last datagram was taken into; -1: none */
    int joined; /**< out: the server in that slot is new there, or back after it left, fell silent or started anew */
    struct {
        apr_time_t began;
        int64_t said, unsaid;
    } quiet[BACKHAND_QUIET]; /**< private: what the log heard in this minute. Start zeroed */
} backhand_intake;

/**
 * Takes in one datagram; counts it in the table's counters. By the process that writes the table only. Own announcements
 * that come back count as nothing.
 * @return why it was dropped, or BACKHAND_DROP_NONE
 */
backhand_drop backhand_intake_datagram(backhand_intake *intake, const char *data, apr_size_t length,
                                       apr_sockaddr_t *sender);

#endif
