/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file queue.h
 * @brief A bounded queue of messages between two threads. Nobody waits for the other. Core: no httpd.
 */
#ifndef BACKHAND_QUEUE_H
#define BACKHAND_QUEUE_H

#include "announce/wire/message.h"

#include <apr_pools.h>

/** Room for the suffix of a subject, with its NUL. */
#define BACKHAND_SUFFIX_SIZE 80

typedef struct backhand_queued {
    char suffix[BACKHAND_SUFFIX_SIZE]; /**< the end of the subject to publish to, or of that which it came from */
    apr_size_t length;
    char data[BACKHAND_MESSAGE_SIZE]; /**< a `length` of BACKHAND_MESSAGE_SIZE: it was that long or longer, and is cut
                                         off */
} backhand_queued;

typedef struct backhand_queue backhand_queue;

/** Makes a queue for `room` messages. All memory is allocated here. Clearing `p` destroys it, after which no thread may
 * use it. */
apr_status_t backhand_queue_create(backhand_queue **queue, int room, apr_pool_t *p);

/** Adds a message. A full queue loses its oldest one, because newer figures are better. Any thread; never waits for
 * longer than a copy takes. */
void backhand_queue_put(backhand_queue *queue, const char *suffix, const char *data, apr_size_t length);

/** Takes the oldest message. One thread only. @return 1; 0: there is none */
int backhand_queue_take(backhand_queue *queue, backhand_queued *out);

/** Readable after each backhand_queue_put() and backhand_queue_wake(), until backhand_queue_settle(). */
int backhand_queue_fd(const backhand_queue *queue);

/** Makes the descriptor unreadable. Call it before backhand_queue_take(), so that no message is overlooked. */
void backhand_queue_settle(backhand_queue *queue);

/** Makes the descriptor readable. Any thread. */
void backhand_queue_wake(backhand_queue *queue);

/** How many messages were lost because the queue was full. Any thread. */
int64_t backhand_queue_lost(backhand_queue *queue);

#endif
