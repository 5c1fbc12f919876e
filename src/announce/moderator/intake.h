/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file intake.h
 * @brief Checks received datagrams and puts them into the table; policies see only figures that passed here. Core: no
 * httpd.
 */
#ifndef BACKHAND_INTAKE_H
#define BACKHAND_INTAKE_H

#include "announce/net/accept.h"
#include "announce/wire/message.h"
#include "table/update.h"
#include "trust/seen.h"

/** Events that get a log line. */
typedef enum backhand_event {
    BACKHAND_EVENT_DROPPED, /**< a datagram was dropped; `reason` and `detail` say why. At most one a minute a reason */
    BACKHAND_EVENT_RIVAL,  /**< another server announces the contact of `id`; `detail` names both. At most 1 a minute */
    BACKHAND_EVENT_JOINED, /**< a server is new in the table, or back after it left or fell silent */
    BACKHAND_EVENT_LEFT,   /**< a server announced that it leaves */
    BACKHAND_EVENT_MOVED,  /**< a server announces another contact than before */
    BACKHAND_EVENT_ORDER   /**< an order was ignored because it is not signed. At most one a minute */
} backhand_event;

/** The most lines a minute about servers that join, about servers that leave, and about servers that move; further ones
 * are only counted. */
#define BACKHAND_EVENT_BURST 200

/** Stands for the sender's address of an announcement that a broker passed on. */
#define BACKHAND_SENDER_BROKER "NATS"

/** Calls the log; `sender` is a numeric address or BACKHAND_SENDER_BROKER, `detail` text that is safe to log ("" when
 * there is nothing to add). `unsaid`: events of this reason since the last call that were only counted. */
typedef void (*backhand_event_fn)(void *ctx, backhand_event event, backhand_drop reason, int id, const char *sender,
                                  const char *detail, int64_t unsaid);

/** Called for an accepted announcement with an order, if it is signed. */
typedef void (*backhand_order_fn)(void *ctx, const backhand_announcement *from);

/** Kinds of events, each counted on its own: every reason for a drop, then rival, joined, left, order, moved. */
#define BACKHAND_QUIET (BACKHAND_DROP_REASONS + 5)

typedef struct backhand_intake {
    backhand_table *table;
    const backhand_accept_list *accept;
    const char *farm;
    uint64_t boot;             /**< own boot id: own announcements that come back are ignored */
    const backhand_keys *keys; /**< one of these must have signed; NULL: signatures and times are ignored */
    int optional;              /**< 1: unsigned announcements are accepted, too */
    apr_interval_time_t skew;  /**< how far the stamp of a signed announcement may differ from our clock */
    apr_time_t started;        /**< when this server started to listen, by backhand_table_now() */
    backhand_seen *seen;       /**< accepted announcements; set when `keys` is */
    apr_time_t echoed;         /**< when an own announcement last came back, by backhand_table_now(); 0: never */
    backhand_event_fn event;
    void *event_ctx;
    backhand_order_fn order; /**< NULL: orders are not obeyed */
    void *order_ctx;
    struct {
        apr_time_t began;
        int64_t said, unsaid;
    } quiet[BACKHAND_QUIET]; /**< private: counts the lines of this minute. Start zeroed */
} backhand_intake;

/**
 * Checks one datagram, puts it into the table, and counts it in the table's counters. Own announcements that come back
 * are ignored and not counted. Only the process that writes the table may call.
 * @param sender  NULL: a broker passed it on, so its sender has no address. Then AcceptStats must cover the contact
 * @return the changes in the table. For an own announcement `drop` is BACKHAND_DROP_NONE and `id` is -1.
 */
backhand_update backhand_intake_datagram(backhand_intake *intake, const char *data, apr_size_t length,
                                         apr_sockaddr_t *sender);

#endif
