/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "announce/net/resolver.h"
#include "table/clock.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

typedef struct inquiry {
    const backhand_question *question;
    apr_time_t due;
    int answered; /* 1: there was an answer at some time */
    int fresh;    /* 1: nobody has taken `found` yet */
    backhand_found found;
} inquiry;

struct backhand_resolver {
    pthread_t thread;
    pthread_mutex_t
        lock; /* protects `fresh` and `found` of all inquiries, and `ended`; never held longer than a copy */
    pthread_cond_t wake;
    int ended;
    int fd;
    int count;
    backhand_lookup_fn lookup;
    apr_interval_time_t again, retry;
    backhand_found latest; /* only the thread uses it */
    inquiry inquiries[];
};

static void answer(backhand_resolver *r, inquiry *q)
{
    uint64_t one = 1;
    int good = r->lookup(&r->latest, q->question->name, q->question->port, q->question->family);
    if (!good) {
        r->latest.count = 0;
    }
    pthread_mutex_lock(&r->lock);
    q->found = r->latest;
    q->fresh = 1;
    pthread_mutex_unlock(&r->lock);
    q->answered = q->answered || good;
    q->due = backhand_clock_now() + (q->answered ? r->again : r->retry);
    while (write(r->fd, &one, sizeof(one)) < 0 && errno == EINTR) {
    }
}

/* Waits until a question is due. @return NULL: the thread has to end */
static inquiry *await(backhand_resolver *r)
{
    inquiry *next = &r->inquiries[0];
    apr_interval_time_t left;
    int i, ended;
    for (i = 1; i < r->count; i++) {
        next = r->inquiries[i].due < next->due ? &r->inquiries[i] : next;
    }
    pthread_mutex_lock(&r->lock);
    while (!r->ended && (left = next->due - backhand_clock_now()) > 0) {
        backhand_clock_cond_wait(&r->wake, &r->lock, left);
    }
    ended = r->ended;
    pthread_mutex_unlock(&r->lock);
    return ended ? NULL : next;
}

static void *run(void *data)
{
    backhand_resolver *r = data;
    inquiry *next;
    while ((next = await(r)) != NULL) {
        answer(r, next);
    }
    return NULL;
}

static apr_status_t stop(void *data)
{
    backhand_resolver *r = data;
    pthread_mutex_lock(&r->lock);
    r->ended = 1;
    pthread_cond_signal(&r->wake);
    pthread_mutex_unlock(&r->lock);
    pthread_join(r->thread, NULL);
    pthread_cond_destroy(&r->wake);
    pthread_mutex_destroy(&r->lock);
    close(r->fd);
    return APR_SUCCESS;
}

/* Starts the thread with all signals blocked: they are for the thread that waits for datagrams. */
static int start_thread(backhand_resolver *r)
{
    sigset_t all, before;
    int rc;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    rc = pthread_create(&r->thread, NULL, run, r);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return rc;
}

static void init_locks(backhand_resolver *r)
{
    backhand_clock_cond_init(&r->wake);
    pthread_mutex_init(&r->lock, NULL);
}

apr_status_t backhand_resolver_start(backhand_resolver **resolver, const backhand_question *questions, int count,
                                     backhand_lookup_fn lookup, apr_interval_time_t again, apr_interval_time_t retry,
                                     apr_pool_t *p)
{
    backhand_resolver *r = apr_pcalloc(p, sizeof(*r) + sizeof(r->inquiries[0]) * (size_t)count);
    int i, rc;
    for (i = 0; i < count; i++) {
        r->inquiries[i].question = &questions[i];
    }
    r->count = count;
    r->lookup = lookup;
    r->again = again;
    r->retry = retry;
    r->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (r->fd < 0) {
        return errno;
    }
    init_locks(r);
    rc = start_thread(r);
    if (rc != 0) {
        close(r->fd);
        return rc;
    }
    apr_pool_cleanup_register(p, r, stop, apr_pool_cleanup_null);
    *resolver = r;
    return APR_SUCCESS;
}

int backhand_resolver_fd(const backhand_resolver *resolver)
{
    return resolver->fd;
}

int backhand_resolver_next(backhand_resolver *resolver, backhand_found *found)
{
    uint64_t answers;
    int i, taken = -1;
    /* Reads before it looks for answers: so an answer that comes later makes the descriptor readable again. */
    if (read(resolver->fd, &answers, sizeof(answers)) < 0 && errno != EAGAIN && errno != EINTR) {
        return -1;
    }
    pthread_mutex_lock(&resolver->lock);
    for (i = 0; i < resolver->count && taken < 0; i++) {
        if (resolver->inquiries[i].fresh) {
            resolver->inquiries[i].fresh = 0;
            *found = resolver->inquiries[i].found;
            taken = i;
        }
    }
    pthread_mutex_unlock(&resolver->lock);
    return taken;
}
