/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* For a build without libnats. */

#include "announce/net/nats.h"

int backhand_nats_available(void)
{
    return 0;
}

apr_status_t backhand_nats_start(backhand_nats **nats, const backhand_broker *broker, const char *subject,
                                 const char *const *suffixes, int count, const char *name, apr_pool_t *p)
{
    (void)broker;
    (void)subject;
    (void)suffixes;
    (void)count;
    (void)name;
    (void)p;
    *nats = NULL;
    return APR_ENOTIMPL;
}

int backhand_nats_fd(const backhand_nats *nats)
{
    (void)nats;
    return -1;
}

void backhand_nats_send(backhand_nats *nats, const char *suffix, const char *data, apr_size_t length)
{
    (void)nats;
    (void)suffix;
    (void)data;
    (void)length;
}

void backhand_nats_settle(backhand_nats *nats)
{
    (void)nats;
}

int backhand_nats_take(backhand_nats *nats, backhand_queued *out)
{
    (void)nats;
    (void)out;
    return 0;
}

void backhand_nats_wake(backhand_nats *nats)
{
    (void)nats;
}

void backhand_nats_look(backhand_nats *nats, backhand_nats_state *out)
{
    (void)nats;
    *out = (backhand_nats_state){0};
}

void backhand_nats_flush(backhand_nats *nats, apr_interval_time_t timeout)
{
    (void)nats;
    (void)timeout;
}
