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
typedef backhand_work figures;

/* Ready workers, of 8, that announce() says. */
static int64_t said_ready = 8;
/* The zone that announce() says. */
static const char *said_zone = "";

/* An announcement of server `id`, whose slot that is when they come in order. */
__attribute__((unused)) static void announce(int id, figures f)
{
    static uint64_t sequence;
    backhand_announcement said = said_by_nth("s", id, 7, ++sequence);

    said.stat.aservers = said_ready;
    apr_cpystrn(said.zone, said_zone, sizeof(said.zone));
    f.stall = 1000;
    backhand_work_put(&said.stat, &f);
    if (id == 0) {
        backhand_table_set_self(table, &said);
        return;
    }
    assert_int_equal(backhand_table_update(table, &said, NULL).id, id);
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
