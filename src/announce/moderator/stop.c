/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "announce/moderator/stop.h"

#include <ap_config.h>
#include <httpd.h>
#include <mpm_common.h>

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

/* Static, because a signal handler gets no argument for its data. */
static struct watch {
    void (*leave)(void);
    pid_t owner; /* 0: not watching */
    struct sigaction before[3];
} watch;

static const int signals[] = {SIGTERM, SIGINT, AP_SIG_GRACEFUL_STOP};

#define SIGNALS (int)(sizeof(signals) / sizeof(signals[0]))

static void call(const struct sigaction *action, int sig, siginfo_t *info, void *context)
{
    if (action->sa_flags & SA_SIGINFO) {
        action->sa_sigaction(sig, info, context);
    }
    else if (action->sa_handler == SIG_DFL) {
        signal(sig, SIG_DFL);
        raise(sig);
    }
    else if (action->sa_handler != SIG_IGN) {
        action->sa_handler(sig);
    }
}

static void on_stop(int sig, siginfo_t *info, void *context)
{
    int saved = errno, i;
    /* A child inherits this handler and has it until it sets its own. */
    if (getpid() == watch.owner) {
        watch.leave();
    }
    for (i = 0; i < SIGNALS; i++) {
        if (signals[i] == sig) {
            call(&watch.before[i], sig, info, context);
        }
    }
    errno = saved;
}

static int is_ours(const struct sigaction *action)
{
    return action->sa_flags & SA_SIGINFO && action->sa_sigaction == on_stop;
}

/* Restores the handlers: httpd is about to unload the module, and the handler's code with it. */
static apr_status_t unwatch(void *data)
{
    struct sigaction now;
    int i;
    (void)data;
    if (getpid() != watch.owner) {
        return APR_SUCCESS;
    }
    for (i = 0; i < SIGNALS; i++) {
        if (sigaction(signals[i], NULL, &now) == 0 && is_ours(&now)) {
            sigaction(signals[i], &watch.before[i], NULL);
        }
    }
    watch.owner = 0;
    return APR_SUCCESS;
}

void backhand_stop_watch(apr_pool_t *pconf, void (*leave)(void))
{
    struct sigaction ours;
    int i;
    if (watch.owner == getpid()) {
        return;
    }
    memset(&ours, 0, sizeof(ours));
    ours.sa_sigaction = on_stop;
    ours.sa_flags = SA_SIGINFO;
    for (i = 0; i < SIGNALS; i++) {
        sigaddset(&ours.sa_mask, signals[i]);
    }
    watch.leave = leave;
    watch.owner = getpid();
    for (i = 0; i < SIGNALS; i++) {
        if (sigaction(signals[i], NULL, &watch.before[i]) == 0 && !is_ours(&watch.before[i])) {
            sigaction(signals[i], &ours, NULL);
        }
    }
    apr_pool_cleanup_register(pconf, NULL, unwatch, apr_pool_cleanup_null);
}
