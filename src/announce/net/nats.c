/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* libnats connects anew by itself only if it is told to. Here it is not: then each failure has its reason, the first
 * one as well as later ones, and there is one way to connect. */

#include "announce/net/nats.h"
#include "announce/net/nats_options.h"

#include "base/random.h"
#include "table/clock.h"

#include <apr_strings.h>

#include <nats/nats.h>

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* Messages between the threads. Of its own, this server has a few a second. */
#define OUT_ROOM 32
#define IN_ROOM  1024
/* Messages that libnats holds until the callback takes them, which never waits. */
#define PENDING_MESSAGES 4096
#define PENDING_BYTES    (PENDING_MESSAGES * BACKHAND_MESSAGE_SIZE)
/* Longest wait for one flush, ms. */
#define FLUSH 100
/* How long to wait until the next attempt to connect; all servers have lost a broker at the same time. */
#define AGAIN_LEAST 500
#define AGAIN_MOST  2500
/* libnats 3.4 waits without end for the TLS handshake of a broker. A signal with this number ends such a wait, after
 * PATIENCE; it has no other use in the moderator. */
#define INTERRUPT SIGUSR2
#define PATIENCE  apr_time_from_sec(5)
/* How often to look at the connection, ms. */
#define LOOK 1000

typedef struct subject {
    struct backhand_nats *nats;
    char text[BACKHAND_PREFIX_MAX + 64 + BACKHAND_SUFFIX_SIZE + 4];
    char suffix[BACKHAND_SUFFIX_SIZE];
} subject;

struct backhand_nats {
    const backhand_broker *broker;
    const char *base; /* what all subjects begin with */
    const char *name;
    subject subjects[BACKHAND_NATS_SUBJECTS];
    int count;
    backhand_queue *in, *out;
    backhand_queued sending; /* only the thread uses it, as all that follows up to `lock` */
    backhand_generator random;
    natsSubscription *subscribed[BACKHAND_NATS_SUBJECTS];
    pthread_mutex_t lock; /* protects all that follows; never held longer than a copy */
    pthread_cond_t flushed;
    backhand_nats_state state;
    int64_t slow; /* messages that libnats dropped on earlier connections */
    unsigned flushes_asked, flushes_done;
    apr_time_t connecting; /* since when the thread connects, or was last interrupted in that; 0: it does not */
    pthread_t thread;      /* only the caller of backhand_nats_start() uses it */
};

int backhand_nats_available(void)
{
    return 1;
}

/* --- callbacks of libnats ---------------------------------------------------------------------------------- */

static void on_message(natsConnection *nc, natsSubscription *sub, natsMsg *message, void *closure)
{
    const subject *to = closure;
    int length = natsMsg_GetDataLength(message);
    (void)nc;
    (void)sub;
    backhand_queue_put(to->nats->in, to->suffix, natsMsg_GetData(message), length > 0 ? (apr_size_t)length : 0);
    natsMsg_Destroy(message);
}

static void on_closed(natsConnection *nc, void *closure)
{
    const backhand_nats *nats = closure;
    (void)nc;
    backhand_queue_wake(nats->out);
}

/* Without a handler libnats writes to standard error. Slow consumers are counted by look_at_connection(). */
static void on_error(natsConnection *nc, natsSubscription *sub, natsStatus error, void *closure)
{
    (void)nc;
    (void)sub;
    (void)error;
    (void)closure;
}

/* --- connecting -------------------------------------------------------------------------------------------- */

static natsStatus set_options(natsOptions *options, backhand_nats *nats)
{
    natsStatus s = backhand_nats_set_broker(options, nats->broker);
    s = s == NATS_OK ? natsOptions_SetName(options, nats->name) : s;
    s = s == NATS_OK ? natsOptions_SetAllowReconnect(options, false) : s;
    s = s == NATS_OK ? natsOptions_SetNoEcho(options, true) : s;
    /* One thread for all subscriptions keeps the order of messages. */
    s = s == NATS_OK ? natsOptions_UseGlobalMessageDelivery(options, true) : s;
    s = s == NATS_OK ? natsOptions_SetClosedCB(options, on_closed, nats) : s;
    return s == NATS_OK ? natsOptions_SetErrorHandler(options, on_error, nats) : s;
}

static natsStatus subscribe(natsConnection *nc, backhand_nats *nats)
{
    natsStatus s = NATS_OK;
    for (int i = 0; i < nats->count && s == NATS_OK; i++) {
        s = natsConnection_Subscribe(&nats->subscribed[i], nc, nats->subjects[i].text, on_message, &nats->subjects[i]);
        if (s == NATS_OK) {
            s = natsSubscription_SetPendingLimits(nats->subscribed[i], PENDING_MESSAGES, PENDING_BYTES);
        }
    }
    return s;
}

/* @param last  the error in the words of libnats; NULL or empty: it has none */
static void note_problem(backhand_nats *nats, natsStatus s, const char *last)
{
    const char *text = last && *last ? last : natsStatus_GetText(s);
    char *to = nats->state.problem;

    pthread_mutex_lock(&nats->lock);
    nats->state.connected = 0;
    apr_cpystrn(to, text, sizeof(nats->state.problem));
    /* A part of it may be the broker's. */
    for (; *to; to++) {
        *to = *to >= ' ' && *to <= '~' ? *to : ' ';
    }
    pthread_mutex_unlock(&nats->lock);
    backhand_queue_wake(nats->in);
}

static void note_connected(backhand_nats *nats, natsConnection *nc)
{
    char url[sizeof(nats->state.broker)] = "";
    char *ip = NULL;
    int port;

    natsConnection_GetConnectedUrl(nc, url, sizeof(url));
    natsConnection_GetLocalIPAndPort(nc, &ip, &port);
    pthread_mutex_lock(&nats->lock);
    nats->state.connected = 1;
    nats->state.connections++;
    nats->state.problem[0] = '\0';
    apr_cpystrn(nats->state.broker, url, sizeof(nats->state.broker));
    apr_cpystrn(nats->state.local, ip ? ip : "", sizeof(nats->state.local));
    pthread_mutex_unlock(&nats->lock);
    free(ip);
    backhand_queue_wake(nats->in);
}

static void drop_connection(backhand_nats *nats, natsConnection *nc)
{
    for (int i = 0; i < nats->count; i++) {
        natsSubscription_Destroy(nats->subscribed[i]);
        nats->subscribed[i] = NULL;
    }
    natsConnection_Destroy(nc);
}

static void note_connecting(backhand_nats *nats, apr_time_t since)
{
    pthread_mutex_lock(&nats->lock);
    nats->connecting = since;
    pthread_mutex_unlock(&nats->lock);
}

/* @return NULL when it fails; then the reason is in the state */
static natsConnection *connect_once(backhand_nats *nats)
{
    natsOptions *options = NULL;
    natsConnection *nc = NULL;
    natsStatus s;

    s = natsOptions_Create(&options);
    s = s == NATS_OK ? set_options(options, nats) : s;
    note_connecting(nats, backhand_clock_now());
    s = s == NATS_OK ? natsConnection_Connect(&nc, options) : s;
    note_connecting(nats, 0);
    s = s == NATS_OK ? subscribe(nc, nats) : s;
    if (s != NATS_OK) {
        note_problem(nats, s, nats_GetLastError(NULL));
        drop_connection(nats, nc);
        nc = NULL;
    }
    natsOptions_Destroy(options);
    return nc;
}

/* --- the thread -------------------------------------------------------------------------------------------- */

static void count_unsent(backhand_nats *nats)
{
    pthread_mutex_lock(&nats->lock);
    nats->state.unsent++;
    pthread_mutex_unlock(&nats->lock);
}

/* Publishes all that waits; without a connection nothing is kept for later: its figures would be old. */
static void publish(backhand_nats *nats, natsConnection *nc)
{
    char text[sizeof(nats->subjects[0].text)];

    backhand_queue_settle(nats->out);
    while (backhand_queue_take(nats->out, &nats->sending)) {
        apr_snprintf(text, sizeof(text), "%s%s", nats->base, nats->sending.suffix);
        if (!nc || natsConnection_Publish(nc, text, nats->sending.data, (int)nats->sending.length) != NATS_OK) {
            count_unsent(nats);
        }
    }
}

static void flush(backhand_nats *nats, natsConnection *nc)
{
    unsigned asked;
    int due;

    pthread_mutex_lock(&nats->lock);
    asked = nats->flushes_asked;
    due = asked != nats->flushes_done;
    pthread_mutex_unlock(&nats->lock);
    if (!due) {
        return;
    }
    if (nc) {
        natsConnection_FlushTimeout(nc, FLUSH);
    }
    pthread_mutex_lock(&nats->lock);
    nats->flushes_done = asked;
    pthread_cond_broadcast(&nats->flushed);
    pthread_mutex_unlock(&nats->lock);
}

/* Messages that libnats dropped because the callback was too slow. */
static int64_t count_slow(const backhand_nats *nats)
{
    int64_t sum = 0, dropped;
    for (int i = 0; i < nats->count; i++) {
        if (natsSubscription_GetDropped(nats->subscribed[i], &dropped) == NATS_OK) {
            sum += dropped;
        }
    }
    return sum;
}

static void note_slow(backhand_nats *nats, int64_t before)
{
    int64_t slow = before + count_slow(nats);
    pthread_mutex_lock(&nats->lock);
    nats->slow = nats->slow > slow ? nats->slow : slow;
    pthread_mutex_unlock(&nats->lock);
}

static void wait_for_work(backhand_nats *nats, int ms)
{
    struct pollfd polled = {.fd = backhand_queue_fd(nats->out), .events = POLLIN};
    poll(&polled, 1, ms);
}

/* Serves a connection until it is lost. */
static void serve(backhand_nats *nats, natsConnection *nc)
{
    int64_t before = nats->slow;
    natsStatus s = NATS_OK;
    const char *last = NULL;

    while (!natsConnection_IsClosed(nc)) {
        publish(nats, nc);
        flush(nats, nc);
        note_slow(nats, before);
        wait_for_work(nats, LOOK);
    }
    s = natsConnection_GetLastError(nc, &last);
    note_problem(nats, s == NATS_OK ? NATS_CONNECTION_CLOSED : s, last);
}

/* Waits for the next attempt; what is to be sent meanwhile is lost. */
static void pause_until_next(backhand_nats *nats)
{
    apr_time_t end = backhand_clock_now() + apr_time_from_msec(AGAIN_LEAST) +
                     apr_time_from_msec(backhand_generator_below(&nats->random, AGAIN_MOST - AGAIN_LEAST));
    apr_time_t now;
    while ((now = backhand_clock_now()) < end) {
        publish(nats, NULL);
        flush(nats, NULL);
        wait_for_work(nats, (int)((end - now) / 1000) + 1);
    }
}

static void *run(void *data)
{
    backhand_nats *nats = data;
    for (;;) {
        natsConnection *nc = connect_once(nats);
        if (nc) {
            note_connected(nats, nc);
            serve(nats, nc);
            drop_connection(nats, nc);
        }
        pause_until_next(nats);
    }
    return NULL;
}

static void on_interrupt(int sig)
{
    (void)sig;
}

/* All signals but INTERRUPT are for the thread that waits for datagrams; the threads of libnats inherit the mask. */
static int start_thread(backhand_nats *nats)
{
    struct sigaction action;
    sigset_t all, before;
    int rc;
    memset(&action, 0, sizeof(action));
    action.sa_handler = on_interrupt;
    sigaction(INTERRUPT, &action, NULL);
    sigfillset(&all);
    sigdelset(&all, INTERRUPT);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    rc = pthread_create(&nats->thread, NULL, run, nats);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return rc;
}

apr_status_t backhand_nats_start(backhand_nats **nats, const backhand_broker *broker, const char *subject_base,
                                 const char *const *suffixes, int count, const char *name, apr_pool_t *p)
{
    backhand_nats *n = apr_pcalloc(p, sizeof(*n));
    apr_status_t rv = backhand_queue_create(&n->in, IN_ROOM, p);

    rv = rv == APR_SUCCESS ? backhand_queue_create(&n->out, OUT_ROOM, p) : rv;
    if (rv != APR_SUCCESS) {
        return rv;
    }
    n->broker = broker;
    n->base = subject_base;
    n->name = name;
    n->count = count < BACKHAND_NATS_SUBJECTS ? count : BACKHAND_NATS_SUBJECTS;
    for (int i = 0; i < n->count; i++) {
        n->subjects[i].nats = n;
        apr_snprintf(n->subjects[i].text, sizeof(n->subjects[i].text), "%s%s", subject_base, suffixes[i]);
        apr_cpystrn(n->subjects[i].suffix, suffixes[i], sizeof(n->subjects[i].suffix));
    }
    backhand_generator_begin(&n->random, (uint64_t)backhand_clock_now());
    pthread_mutex_init(&n->lock, NULL);
    backhand_clock_cond_init(&n->flushed);
    rv = start_thread(n);
    *nats = rv == APR_SUCCESS ? n : NULL;
    return rv;
}

/* --- the caller's side ------------------------------------------------------------------------------------- */

int backhand_nats_fd(const backhand_nats *nats)
{
    return backhand_queue_fd(nats->in);
}

void backhand_nats_send(backhand_nats *nats, const char *suffix, const char *data, apr_size_t length)
{
    backhand_queue_put(nats->out, suffix, data, length);
}

void backhand_nats_settle(backhand_nats *nats)
{
    backhand_queue_settle(nats->in);
}

int backhand_nats_take(backhand_nats *nats, backhand_queued *out)
{
    return backhand_queue_take(nats->in, out);
}

void backhand_nats_wake(backhand_nats *nats)
{
    backhand_queue_wake(nats->in);
}

void backhand_nats_look(backhand_nats *nats, backhand_nats_state *out)
{
    apr_time_t now = backhand_clock_now();
    int hangs;
    pthread_mutex_lock(&nats->lock);
    hangs = nats->connecting && now - nats->connecting > PATIENCE;
    nats->connecting = hangs ? now : nats->connecting;
    *out = nats->state;
    out->lost = nats->slow;
    pthread_mutex_unlock(&nats->lock);
    if (hangs) {
        pthread_kill(nats->thread, INTERRUPT);
    }
    out->lost += backhand_queue_lost(nats->in);
    out->unsent += backhand_queue_lost(nats->out);
}

void backhand_nats_flush(backhand_nats *nats, apr_interval_time_t timeout)
{
    apr_time_t end = backhand_clock_now() + timeout;
    apr_interval_time_t left = timeout;
    unsigned asked;

    pthread_mutex_lock(&nats->lock);
    if (nats->state.connected) {
        asked = ++nats->flushes_asked;
        backhand_queue_wake(nats->out);
        while (nats->flushes_done != asked && left > 0) {
            backhand_clock_cond_wait(&nats->flushed, &nats->lock, left);
            left = end - backhand_clock_now();
        }
    }
    pthread_mutex_unlock(&nats->lock);
}
