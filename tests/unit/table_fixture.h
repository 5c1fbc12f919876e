/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file table_fixture.h
 * @brief A table for a test, with clocks that the test sets.
 */
#ifndef BACKHAND_TEST_TABLE_FIXTURE_H
#define BACKHAND_TEST_TABLE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <apr_general.h>

#include "table/counters.h"
#include "table/handoff.h"
#include "table/inside.h"
#include "table/update.h"

static apr_pool_t *pool;
static backhand_table *table;
/* The time that both clocks show; the wall clock is ahead by so much. */
static apr_time_t clock_now;
static apr_time_t wall_ahead;

static apr_time_t fake_clock(void)
{
    return clock_now;
}

static apr_time_t fake_wall(void)
{
    return clock_now + wall_ahead;
}

/* Makes and publishes it, empty. */
static void begin_table(int servers, int processes)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    assert_int_equal(backhand_table_create(&table, servers, processes, NULL, pool), APR_SUCCESS);
    backhand_table_set_clocks(table, fake_clock, fake_wall);
    wall_ahead = 0;
    clock_now = apr_time_from_sec(1000000);
    backhand_table_publish(table);
}

static int teardown(void **state)
{
    (void)state;
    backhand_table_publish(NULL);
    backhand_table_unmap(table);
    apr_pool_destroy(pool);
    return 0;
}

#endif
