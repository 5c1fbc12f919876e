/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file direct.h
 * @brief Which servers are announced to directly, beside the configured destinations. Core: no httpd, no sockets.
 *
 * A server that is new, or back, is answered at once. One that no destination of ours leads to is announced to with each
 * announcement, as long as it is heard: so it is enough that one of two servers names the other. Only those who were
 * taken into the table are answered, so never an address that AcceptStats does not cover; nothing of a third server is
 * ever passed on.
 */
#ifndef BACKHAND_DIRECT_H
#define BACKHAND_DIRECT_H

#include "announce/net/socket.h"

#include <apr_time.h>

/** Servers that are announced to directly, at most. */
#define BACKHAND_DIRECT_MAX 256
/** Answers at once in a second, at most; who gets none hears the next announcement. */
#define BACKHAND_DIRECT_BURST 32
/** A server that announces itself more rarely than three times in so long is forgotten between its announcements. */
#define BACKHAND_DIRECT_PATIENCE apr_time_from_sec(180)

/** One address that was heard. */
typedef struct backhand_direct_peer {
    backhand_address from;
    int place;          /**< where it was heard; see transport.h */
    apr_time_t heard;   /**< when it was last taken in, us; 0: entry free */
    apr_time_t reached; /**< when it was last heard by a way on which our destinations reach it, us; 0: never */
    apr_interval_time_t patience; /**< how long it counts as there */
} backhand_direct_peer;

/** Start zeroed. */
typedef struct backhand_direct {
    int count; /**< entries at and above it are free */
    backhand_direct_peer peer[BACKHAND_DIRECT_MAX];
    apr_time_t second; /**< when the current second of answers began, us */
    int answered;      /**< in it */
} backhand_direct;

/** An announcement that was taken in. */
typedef struct backhand_hearing {
    const struct sockaddr *from;
    int place;
    int covered;      /**< our destinations reach it */
    int joined;       /**< it is new in the table, or back */
    int leaving;      /**< it said that it leaves */
    int64_t interval; /**< its own, ms */
} backhand_hearing;

/** Notes it. @return 1 when it is to be answered at once */
int backhand_direct_heard(backhand_direct *direct, const backhand_hearing *hearing, apr_time_t now);

/** Notes that a copy of what is known already came by a way on which our destinations reach its sender. */
void backhand_direct_reached(backhand_direct *direct, const struct sockaddr *from, apr_time_t now);

/** Forgets who is silent. Call it before an announcement; then announce to all of `peer` that are due. */
void backhand_direct_forget(backhand_direct *direct, apr_time_t now);

/** True for an entry that is announced to now. */
int backhand_direct_due(const backhand_direct_peer *peer, apr_time_t now);

#endif
