/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "announce/net/queue.h"

#include <apr_strings.h>

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct backhand_queue {
    pthread_mutex_t lock; /* protects all that follows; never held longer than a copy */
    int fd;
    int room;
    int first; /* place of the oldest message */
    int count;
    int64_t lost;
    backhand_queued messages[];
};

static apr_status_t destroy(void *data)
{
    backhand_queue *queue = data;
    close(queue->fd);
    pthread_mutex_destroy(&queue->lock);
    return APR_SUCCESS;
}

apr_status_t backhand_queue_create(backhand_queue **queue, int room, apr_pool_t *p)
{
    backhand_queue *q = apr_pcalloc(p, sizeof(*q) + sizeof(q->messages[0]) * (size_t)room);
    q->room = room;
    q->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (q->fd < 0) {
        return errno;
    }
    pthread_mutex_init(&q->lock, NULL);
    apr_pool_cleanup_register(p, q, destroy, apr_pool_cleanup_null);
    *queue = q;
    return APR_SUCCESS;
}

void backhand_queue_put(backhand_queue *queue, const char *suffix, const char *data, apr_size_t length)
{
    backhand_queued *to;

    pthread_mutex_lock(&queue->lock);
    if (queue->count == queue->room) {
        queue->first = (queue->first + 1) % queue->room;
        queue->count--;
        queue->lost++;
    }
    to = &queue->messages[(queue->first + queue->count++) % queue->room];
    to->length = length < sizeof(to->data) ? length : sizeof(to->data);
    memcpy(to->data, data, to->length);
    apr_cpystrn(to->suffix, suffix, sizeof(to->suffix));
    pthread_mutex_unlock(&queue->lock);
    backhand_queue_wake(queue);
}

int backhand_queue_take(backhand_queue *queue, backhand_queued *out)
{
    int some;

    pthread_mutex_lock(&queue->lock);
    some = queue->count > 0;
    if (some) {
        const backhand_queued *from = &queue->messages[queue->first];
        out->length = from->length;
        memcpy(out->data, from->data, from->length);
        memcpy(out->suffix, from->suffix, sizeof(out->suffix));
        queue->first = (queue->first + 1) % queue->room;
        queue->count--;
    }
    pthread_mutex_unlock(&queue->lock);
    return some;
}

int backhand_queue_fd(const backhand_queue *queue)
{
    return queue->fd;
}

void backhand_queue_settle(backhand_queue *queue)
{
    uint64_t puts;
    while (read(queue->fd, &puts, sizeof(puts)) < 0 && errno == EINTR) {
    }
}

void backhand_queue_wake(backhand_queue *queue)
{
    uint64_t one = 1;
    while (write(queue->fd, &one, sizeof(one)) < 0 && errno == EINTR) {
    }
}

int64_t backhand_queue_lost(backhand_queue *queue)
{
    int64_t lost;
    pthread_mutex_lock(&queue->lock);
    lost = queue->lost;
    pthread_mutex_unlock(&queue->lock);
    return lost;
}
