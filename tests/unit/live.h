/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file live.h
 * @brief Live servers in the table of candidates.h, and the figures that they say.
 */
#ifndef BACKHAND_TEST_LIVE_H
#define BACKHAND_TEST_LIVE_H

#include "../said.h"
#include "candidates.h"

/* As a server says it. Times in us; parallel x 1000. */
typedef struct figures {
    int64_t inflight, service, parallel, latency, errors, served;
} figures;

/* An announcement of server `id`, whose slot that is when they come in order. */
__attribute__((unused)) static void announce(int id, figures f)
{
    static uint64_t sequence;
    backhand_announcement said = said_by_nth("s", id, 7, ++sequence);
    int taken = 0;

    said.stat.aservers = 8;
    said.stat.inflight = f.inflight;
    said.stat.service = f.service;
    said.stat.parallel = f.parallel;
    said.stat.latency = f.latency;
    said.stat.errors = f.errors;
    said.stat.served = f.served;
    if (id == 0) {
        backhand_table_set_self(table, &said);
        return;
    }
    assert_int_equal(backhand_table_take(table, &said, &taken), BACKHAND_DROP_NONE);
    assert_int_equal(taken, id);
}

/* Long enough for nobody to count as new. */
__attribute__((unused)) static void grow_up(void)
{
    clock_now += apr_time_from_sec(60);
}

/* The ids of `from` to `to` - 1, and this server's when `from` is 0. */
__attribute__((unused)) static void list_of(int from, int to)
{
    n = 0;
    for (int id = from; id < to; id++) {
        list[n++] = (ServerSlot){id, BACKHAND_HANDOFF};
    }
}

#endif
