/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "client.h"
#include "response.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define REQUEST_MAX 512

struct connection {
    connection *next, *previous; /* of all; next of the closed ones */
    connection *next_idle;       /* while it is idle */
    int fd, entry, is_idle;
    arrival asked; /* while it is not idle */
    int64_t lag;
    int tries; /* of this request */
    int sent;
    response response;
};

int64_t client_now(const client *c)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec - c->began;
}

static void watch(const client *c, connection *of, int how, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = of};
    if (epoll_ctl(c->epoll, how, of->fd, &event) != 0) {
        abort();
    }
}

static void leave_idle(client *c, connection *of)
{
    connection **link = &c->idle[of->entry];
    while (*link != of) {
        link = &(*link)->next_idle;
    }
    *link = of->next_idle;
    of->is_idle = 0;
}

static void shut(client *c, connection *of)
{
    if (of->is_idle) {
        leave_idle(c, of);
    }
    if (of->fd >= 0) {
        close(of->fd);
    }
    *(of->previous ? &of->previous->next : &c->first) = of->next;
    if (of->next) {
        of->next->previous = of->previous;
    }
    of->fd = -1;
    of->next = c->closed;
    c->closed = of;
}

void client_sweep(client *c)
{
    while (c->closed) {
        connection *of = c->closed;
        c->closed = of->next;
        free(of);
    }
}

/* The request has its end. */
static void finish(client *c, const connection *of, int failed)
{
    sample s = {.planned = of->asked.at, .lag = of->lag, .failed = (char)failed, .server = of->response.server};
    s.latency = client_now(c) - of->asked.at;
    c->outstanding--;
    if (of->asked.at >= c->counts_from) {
        figures_add(&c->figures, s);
    }
}

static void fail(client *c, connection *of)
{
    finish(c, of, 1);
    shut(c, of);
}

/* A connection to an entry, kept or new; NULL when none can be made. */
static connection *get_connection(client *c, int entry)
{
    connection *of = c->idle[entry];
    int one = 1;

    if (of) {
        leave_idle(c, of);
        return of;
    }
    of = calloc(1, sizeof(*of));
    if (!of) {
        abort();
    }
    of->entry = entry;
    of->next = c->first;
    if (of->next) {
        of->next->previous = of;
    }
    c->first = of;
    of->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (of->fd < 0 || (connect(of->fd, (const struct sockaddr *)&c->entries[entry], sizeof(c->entries[entry])) != 0 &&
                       errno != EINPROGRESS)) {
        shut(c, of);
        return NULL;
    }
    setsockopt(of->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    watch(c, of, EPOLL_CTL_ADD, EPOLLIN | EPOLLOUT);
    return of;
}

typedef enum put { PUT_FAILED, PUT_LATER, PUT_SENT } put;

/* PUT_LATER: the connection is not made yet. */
static put put_request(const client *c, connection *of)
{
    char text[REQUEST_MAX];
    int length =
        snprintf(text, sizeof(text), "GET %s?ms=%.4f HTTP/1.1\r\nHost: bench.test\r\nUser-Agent: openloop\r\n\r\n",
                 c->path, of->asked.demand);
    ssize_t sent;

    if (length < 0 || (size_t)length >= sizeof(text)) {
        abort();
    }
    sent = send(of->fd, text, (size_t)length, MSG_NOSIGNAL);
    if (sent == length) {
        of->sent = 1;
        return PUT_SENT;
    }
    return sent < 0 && errno == EAGAIN ? PUT_LATER : PUT_FAILED;
}

/* Where the client turns to is drawn once, so that all systems get the same. */
static void ask(client *c, const arrival *a, int64_t lag, int tries)
{
    for (; tries < CLIENT_TRIES; tries++) {
        connection *of = get_connection(c, (a->target + tries) % c->entries_n);
        c->figures.again += tries > 0 && a->at >= c->counts_from;
        if (!of) {
            continue;
        }
        of->asked = *a;
        of->lag = lag;
        of->tries = tries + 1;
        of->sent = 0;
        response_init(&of->response);
        if (put_request(c, of) != PUT_FAILED) {
            return;
        }
        shut(c, of);
    }
    c->outstanding--;
    if (a->at >= c->counts_from) {
        figures_add(&c->figures, (sample){.planned = a->at, .lag = lag, .failed = 1});
    }
}

void client_send(client *c, const arrival *a)
{
    c->outstanding++;
    c->figures.asked++;
    ask(c, a, client_now(c) - a->at, 0);
}

/* Before the first byte of a response. */
static void turn_away(client *c, connection *of)
{
    arrival asked = of->asked;
    int64_t lag = of->lag;
    int tries = of->tries;
    shut(c, of);
    ask(c, &asked, lag, tries);
}

static void answered(client *c, connection *of)
{
    finish(c, of, of->response.status != 200);
    if (of->response.closes) {
        shut(c, of);
        return;
    }
    of->is_idle = 1;
    of->next_idle = c->idle[of->entry];
    c->idle[of->entry] = of;
}

static void take(client *c, connection *of)
{
    size_t room;
    char *space = response_space(&of->response, &room);
    ssize_t n = recv(of->fd, space, room, 0);

    if (n < 0 && errno == EAGAIN) {
        return;
    }
    if (of->is_idle) {
        shut(c, of);
        return;
    }
    if (n <= 0) {
        (of->response.length ? fail : turn_away)(c, of);
        return;
    }
    switch (response_took(&of->response, (size_t)n)) {
    case RESPONSE_COMPLETE:
        answered(c, of);
        break;
    case RESPONSE_BAD:
        fail(c, of);
        break;
    default:
        break;
    }
}

void client_event(client *c, connection *of, uint32_t events)
{
    if (of->fd < 0) {
        return;
    }
    if (!of->is_idle && !of->sent && (events & EPOLLOUT) && !(events & (EPOLLERR | EPOLLHUP))) {
        watch(c, of, EPOLL_CTL_MOD, EPOLLIN);
        if (put_request(c, of) != PUT_SENT) {
            turn_away(c, of);
        }
        return;
    }
    if (events & (EPOLLIN | EPOLLERR | EPOLLHUP)) {
        take(c, of);
    }
    else if (events & EPOLLOUT) {
        watch(c, of, EPOLL_CTL_MOD, EPOLLIN);
    }
}

static void end_older(client *c, int64_t than)
{
    connection *next;
    for (connection *of = c->first; of; of = next) {
        next = of->next;
        if (!of->is_idle && of->asked.at < than) {
            fail(c, of);
        }
    }
}

void client_expire(client *c)
{
    end_older(c, client_now(c) - c->timeout);
}

void client_close(client *c)
{
    end_older(c, INT64_MAX);
    while (c->first) {
        shut(c, c->first);
    }
    client_sweep(c);
    figures_free(&c->figures);
}
