/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file direct.h
 * @brief The servers that get announcements directly, besides the configured destinations. Core: no httpd, no sockets.
 *
 * A new or returning server gets an answer at once. A server that no destination of ours reaches gets each
 * announcement, as long as we hear it. So for each pair it is enough that one server lists the other. Only servers in
 * the table get answers, so no address that AcceptStats does not cover ever gets one. Announcements of third servers
 * are not passed on.
 */
#ifndef BACKHAND_DIRECT_H
#define BACKHAND_DIRECT_H

#include "announce/net/socket.h"

#include <apr_time.h>

/** The most servers that get announcements directly. */
#define BACKHAND_DIRECT_MAX 256
/** The most immediate answers in a second; a server that gets none gets the next announcement. */
#define BACKHAND_DIRECT_BURST 32
/** A server that announces itself fewer than three times in this time is forgotten between its announcements. */
#define BACKHAND_DIRECT_PATIENCE apr_time_from_sec(180)

/** An address from which announcements came. */
typedef struct backhand_direct_server {
    backhand_address from;
    int listener_id;    /**< the listener that received them; see transport.h */
    apr_time_t heard;   /**< when its last announcement was accepted, us; 0: entry free */
    apr_time_t reached; /**< when an announcement last came by a way on which our destinations reach it, us; 0: never */
    apr_interval_time_t lifetime; /**< how long it counts as present */
} backhand_direct_server;

/** Start zeroed. */
typedef struct backhand_direct {
    int count; /**< entries at and above it are free */
    backhand_direct_server server[BACKHAND_DIRECT_MAX];
    apr_time_t second; /**< when the current second of answers began, us */
    int answered;      /**< answers in this second */
} backhand_direct;

/** An accepted announcement. */
typedef struct backhand_hearing {
    const struct sockaddr *from;
    int listener_id;
    int covered;      /**< 1: our destinations reach its sender */
    int joined;       /**< 1: the sender is new in the table, or back */
    int leaving;      /**< 1: the sender leaves */
    int64_t interval; /**< the sender's announcement interval, ms */
} backhand_hearing;

/** Notes an accepted announcement. @return 1 if it must be answered at once */
int backhand_direct_heard(backhand_direct *direct, const backhand_hearing *hearing, apr_time_t now);

/** Notes that another copy of an announcement came by a way on which our destinations reach its sender. */
void backhand_direct_reached(backhand_direct *direct, const struct sockaddr *from, apr_time_t now);

/** Forgets silent servers. Call it before an announcement; then announce to each of `server` that is due. */
void backhand_direct_forget(backhand_direct *direct, apr_time_t now);

/** True for an entry that gets an announcement now. */
int backhand_direct_due(const backhand_direct_server *server, apr_time_t now);

#endif
