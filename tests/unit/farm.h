/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file farm.h
 * @brief A small table with an injected clock, and announcements of numbered servers, for the tests of the table.
 */
#ifndef BACKHAND_TEST_FARM_H
#define BACKHAND_TEST_FARM_H

#include "table_fixture.h"

#include <stdio.h>
#include <string.h>

#include "../said.h"
#include "table/table.h"
#include "table/update.h"

#define SERVERS   8
#define PROCESSES 4
#define INTERVAL  250 /* ms, as said.h has it */

__attribute__((unused)) static void wait_ms(int64_t ms)
{
    clock_now += apr_time_from_msec(ms);
}

/* Server `n` (0 to 65535) of boot `boot`. */
static backhand_announcement server(int n, uint64_t boot, uint64_t sequence)
{
    return said_by_nth("server", n, boot, sequence);
}

__attribute__((unused)) static backhand_drop take(const backhand_announcement *said, int *id)
{
    backhand_update taken = backhand_table_update(table, said, NULL);
    *id = taken.id;
    return taken.drop;
}

/* Takes in what must be taken in. @return the slot */
__attribute__((unused)) static int hear(int n, uint64_t boot, uint64_t sequence)
{
    backhand_announcement said = server(n, boot, sequence);
    int id;
    assert_int_equal(take(&said, &id), BACKHAND_DROP_NONE);
    assert_in_range(id, 0, SERVERS - 1);
    return id;
}

static int setup(void **state)
{
    backhand_announcement self = server(0, 1, 1);
    (void)state;
    begin_table(SERVERS, PROCESSES);
    backhand_table_set_self(table, &self);
    return 0;
}

#define FARM_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
