/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file nats.h
 * @brief Sends and receives announcements by NATS, in threads of its own. Core: no httpd. Only the moderator uses it.
 *
 * A thread connects, publishes, and connects anew when the connection is lost; the threads of libnats receive. Between
 * them and the caller are two bounded queues, so no function here waits for a broker, except backhand_nats_flush().
 */
#ifndef BACKHAND_NATS_H
#define BACKHAND_NATS_H

#include "announce/net/broker.h"
#include "announce/net/queue.h"

/** The most suffixes to subscribe to. */
#define BACKHAND_NATS_SUBJECTS 16

typedef struct backhand_nats backhand_nats;

/** How the connection is. */
typedef struct backhand_nats_state {
    int connected;
    uint64_t connections; /**< connections made so far */
    char broker[128];     /**< URL of the broker that it is connected to, or was; empty: none yet */
    char local[48];       /**< this machine's address on that connection, numeric; empty: not known */
    char problem[160];    /**< why it is not connected; empty: the first attempt is under way */
    int64_t lost;         /**< messages that were received and lost, because this process did not take them in time */
    int64_t unsent;       /**< messages that were not published: no connection, or it is too slow */
} backhand_nats_state;

/** False when this build has no libnats. Then nothing else here may be called. */
int backhand_nats_available(void);

/**
 * Starts the thread, which connects, and subscribes to `subject` followed by each suffix. Call it in the process that
 * uses it, after its last fork that may hold a lock. The thread lives until the process ends by _exit().
 * @param broker    lives as long as the process
 * @param subject   of backhand_broker_subject()
 * @param suffixes  at most BACKHAND_NATS_SUBJECTS; shorter than BACKHAND_SUFFIX_SIZE
 * @param name      shown by the broker's monitoring
 */
apr_status_t backhand_nats_start(backhand_nats **nats, const backhand_broker *broker, const char *subject,
                                 const char *const *suffixes, int count, const char *name, apr_pool_t *p);

/** A descriptor that becomes readable when there is something to take, or when the state has changed. */
int backhand_nats_fd(const backhand_nats *nats);

/** Publishes to `subject` followed by `suffix`, soon. Never waits. */
void backhand_nats_send(backhand_nats *nats, const char *suffix, const char *data, apr_size_t length);

/** Begins to take: call it once, then backhand_nats_take() until that returns 0. */
void backhand_nats_settle(backhand_nats *nats);

/** Takes the next received message. Never waits. @return 0: there is none */
int backhand_nats_take(backhand_nats *nats, backhand_queued *out);

/** Makes the descriptor readable again, after a caller left some for later. */
void backhand_nats_wake(backhand_nats *nats);

/** Copies the state, and interrupts an attempt to connect that hangs. Call it once a second or more often. Never waits
 * for longer than a copy takes. */
void backhand_nats_look(backhand_nats *nats, backhand_nats_state *out);

/** Waits until the broker has everything that was sent, for at most `timeout`; not at all without a connection. */
void backhand_nats_flush(backhand_nats *nats, apr_interval_time_t timeout);

#endif
