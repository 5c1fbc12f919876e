/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "announce/check/side.h"

#include "table/clock.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>

static volatile sig_atomic_t terminated, child_ended;

static void on_term(int sig)
{
    (void)sig;
    terminated = 1;
}

static void on_child(int sig)
{
    (void)sig;
    child_ended = 1;
}

static void handle(int sig, void (*handler)(int))
{
    struct sigaction action;
    memset(&action, 0, sizeof(action));
    action.sa_handler = handler;
    sigaction(sig, &action, NULL);
}

void backhand_check_signals(void)
{
    sigset_t both;
    sigemptyset(&both);
    sigaddset(&both, SIGTERM);
    sigaddset(&both, SIGCHLD);
    sigprocmask(SIG_BLOCK, &both, NULL);
    handle(SIGTERM, on_term);
    handle(SIGCHLD, on_child);
}

backhand_waited backhand_check_wait(int link, int fd, short events, apr_time_t until)
{
    sigset_t none;
    sigemptyset(&none);
    while (!terminated) {
        struct pollfd polled[2] = {{.fd = link, .events = POLLIN}, {.fd = fd, .events = events}};
        apr_time_t left = until - backhand_clock_now();
        struct timespec patience = {.tv_sec = (time_t)(left / APR_USEC_PER_SEC),
                                    .tv_nsec = (long)(left % APR_USEC_PER_SEC) * 1000};
        if (left <= 0) {
            return BACKHAND_WAITED_LATE;
        }
        /* ppoll ignores descriptors below 0. */
        if (ppoll(polled, 2, &patience, &none) < 0 && errno != EINTR) {
            return BACKHAND_WAITED_OVER;
        }
        if (polled[0].revents) {
            return BACKHAND_WAITED_OVER;
        }
        if (polled[1].revents) {
            return BACKHAND_WAITED_READY;
        }
        if (child_ended) {
            child_ended = 0;
            return BACKHAND_WAITED_READY;
        }
    }
    return BACKHAND_WAITED_OVER;
}
