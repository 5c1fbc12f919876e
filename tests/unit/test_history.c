/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* How each server was over the last minutes. */

#include "table_fixture.h"

#include "../said.h"
#include "table/history.h"

#define PERIOD BACKHAND_HISTORY_PERIOD
#define LAST   (BACKHAND_HISTORY_LENGTH - 1)

static uint64_t sequence;

static int make_table(void **state)
{
    (void)state;
    begin_table(8, 4);
    sequence = 1;
    return 0;
}

static int heard(int host, int64_t load, int64_t served)
{
    backhand_announcement said = said_by_nth("host", host, 100 + (uint64_t)host, sequence++);
    said.stat.load = load;
    said.stat.inflight = 3;
    said.stat.latency = 700;
    said.stat.served = served;
    return backhand_table_update(table, &said, NULL).id;
}

static backhand_history history_of(int id)
{
    backhand_history history;
    backhand_history_read(&history, table, id);
    return history;
}

static void nothing_is_known_at_first(void **state)
{
    backhand_history history = history_of(heard(1, 500, 0));
    (void)state;
    for (int i = 0; i <= LAST; i++) {
        assert_int_equal(history.sample[BACKHAND_TRACE_LOAD][i], -1);
    }
    assert_int_equal(backhand_history_rate(&history), -1);
}

static void a_sample_is_taken_each_period(void **state)
{
    backhand_history history;
    int id = 0;
    (void)state;
    for (int i = 0; i < 3; i++) {
        id = heard(1, 500 + i, 0);
        backhand_history_note(table);
        backhand_history_note(table);
        clock_now += PERIOD;
    }
    history = history_of(id);
    assert_int_equal(history.sample[BACKHAND_TRACE_LOAD][LAST], 502);
    assert_int_equal(history.sample[BACKHAND_TRACE_LOAD][LAST - 1], 501);
    assert_int_equal(history.sample[BACKHAND_TRACE_LOAD][LAST - 2], 500);
    assert_int_equal(history.sample[BACKHAND_TRACE_LOAD][LAST - 3], -1);
    assert_int_equal(history.sample[BACKHAND_TRACE_INFLIGHT][LAST], 3);
    assert_int_equal(history.sample[BACKHAND_TRACE_LATENCY][LAST], 700);
}

static void the_oldest_sample_goes(void **state)
{
    backhand_history history;
    int id = 0;
    (void)state;
    for (int i = 0; i < BACKHAND_HISTORY_LENGTH + 2; i++) {
        id = heard(1, i, 0);
        backhand_history_note(table);
        clock_now += PERIOD;
    }
    history = history_of(id);
    assert_int_equal(history.sample[BACKHAND_TRACE_LOAD][0], 2);
    assert_int_equal(history.sample[BACKHAND_TRACE_LOAD][LAST], LAST + 2);
}

static void a_silent_server_leaves_a_gap(void **state)
{
    int id = heard(1, 500, 0);
    (void)state;
    backhand_history_note(table);
    clock_now += 10 * PERIOD;
    backhand_history_note(table);
    assert_int_equal(history_of(id).sample[BACKHAND_TRACE_LOAD][LAST], -1);
    assert_int_equal(history_of(id).sample[BACKHAND_TRACE_LOAD][LAST - 1], -1);
    assert_int_equal(history_of(id).sample[BACKHAND_TRACE_LOAD][LAST - 10], 500);
}

/* The moderator may have been away for longer than there are samples. */
static void what_nobody_measured_is_a_gap(void **state)
{
    int id = heard(1, 500, 0);
    backhand_history history;
    (void)state;
    backhand_history_note(table);
    clock_now += 3 * BACKHAND_HISTORY_LENGTH * PERIOD;
    heard(1, 600, 0);
    backhand_history_note(table);
    history = history_of(id);
    assert_int_equal(history.sample[BACKHAND_TRACE_LOAD][LAST], 600);
    for (int i = 0; i < LAST; i++) {
        assert_int_equal(history.sample[BACKHAND_TRACE_LOAD][i], -1);
    }
}

static void another_server_in_the_slot_begins_anew(void **state)
{
    int id = heard(1, 500, 0);
    (void)state;
    backhand_history_note(table);
    table->slots[id].generation++;
    assert_int_equal(history_of(id).sample[BACKHAND_TRACE_LOAD][LAST], -1);
    clock_now += PERIOD;
    heard(1, 600, 0);
    backhand_history_note(table);
    assert_int_equal(history_of(id).sample[BACKHAND_TRACE_LOAD][LAST], 600);
    assert_int_equal(history_of(id).sample[BACKHAND_TRACE_LOAD][LAST - 1], -1);
}

static void large_numbers_are_cut(void **state)
{
    int id = heard(1, INT64_C(1) << 40, 0);
    (void)state;
    backhand_history_note(table);
    assert_int_equal(history_of(id).sample[BACKHAND_TRACE_LOAD][LAST], INT32_MAX);
}

static int64_t rate_after(int64_t before, int64_t each, int samples)
{
    backhand_history history;
    int id = 0;
    for (int i = 0; i < samples; i++) {
        id = heard(1, 0, before + i * each);
        backhand_history_note(table);
        clock_now += PERIOD;
    }
    history = history_of(id);
    return backhand_history_rate(&history);
}

static void a_rate_is_that_of_the_last_minute(void **state)
{
    (void)state;
    assert_int_equal(rate_after(0, 10, 1), -1);
    assert_int_equal(rate_after(0, 0, 40), 0);
    assert_int_equal(rate_after(0, 10, 40), 2000);
}

static void a_rate_outlives_the_wrap(void **state)
{
    (void)state;
    assert_int_equal(rate_after((INT64_C(5) << 31) - 50, 10, 13), 2000);
}

static void a_restart_has_no_rate(void **state)
{
    (void)state;
    rate_after(1000000, 10, 6);
    assert_int_equal(rate_after(0, 10, 6), -1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_table, teardown)
    const struct CMUnitTest tests[] = {
        TEST(nothing_is_known_at_first),     TEST(a_sample_is_taken_each_period),
        TEST(the_oldest_sample_goes),        TEST(a_silent_server_leaves_a_gap),
        TEST(what_nobody_measured_is_a_gap), TEST(another_server_in_the_slot_begins_anew),
        TEST(large_numbers_are_cut),         TEST(a_rate_is_that_of_the_last_minute),
        TEST(a_rate_outlives_the_wrap),      TEST(a_restart_has_no_rate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
