/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* Records of requests: in the order of their arrival, those that run included. */

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "load/ring.h"

#define SECOND INT64_C(1000000)

static backhand_ring ring;

static int setup(void **state)
{
    (void)state;
    memset(&ring, 0, sizeof(ring));
    return 0;
}

static backhand_record read_record(uint64_t number, int64_t now)
{
    backhand_record record;
    memset(&record, 0xff, sizeof(record));
    assert_true(backhand_ring_read(&record, &ring, number, now));
    return record;
}

static void assert_near(double value, double expected, double part)
{
    if (fabs(value - expected) > part * fabs(expected)) {
        fail_msg("%g is not within %g %% of %g", value, 100 * part, expected);
    }
}

static void records_stand_in_the_order_of_arrival(void **state)
{
    backhand_ring_entry place[3] = {{0, 0}};
    (void)state;
    for (int i = 0; i < 3; i++) {
        backhand_ring_begin(&ring, &place[i], i + 1, (100 + i) * SECOND);
    }
    /* The last one ends first. */
    backhand_ring_end(&ring, &place[2], 5000, 0);
    backhand_ring_end(&ring, &place[0], 9000000, 1);
    assert_int_equal(ring.next, 3);
    assert_true(read_record(1, 110 * SECOND).runs);
    assert_near(exp(read_record(1, 110 * SECOND).log), 9e6, 0.001);
    assert_false(read_record(0, 110 * SECOND).runs);
    assert_true(read_record(0, 110 * SECOND).failed);
    assert_near(exp(read_record(0, 110 * SECOND).log), 9e6, 0.001);
    assert_near(read_record(0, 110 * SECOND).age, 10e6, 0.001);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(read_record((uint64_t)i, 110 * SECOND).level, i + 1);
    }
    assert_near(exp(read_record(2, 110 * SECOND).log), 5000, 0.001);
    /* And once more in the order of their ends. */
    assert_int_equal(ring.ends, 2);
    backhand_record first, second, none;
    assert_true(backhand_ring_read_end(&first, &ring, 0));
    assert_true(backhand_ring_read_end(&second, &ring, 1));
    assert_false(backhand_ring_read_end(&none, &ring, 2));
    assert_int_equal(first.level, 3);
    assert_int_equal(second.level, 1);
    assert_true(second.failed);
}

static void a_place_that_was_taken_again_is_left_alone(void **state)
{
    backhand_ring_entry slow = {0, 0}, other = {0, 0};
    (void)state;
    backhand_ring_begin(&ring, &slow, 7, SECOND);
    for (int i = 0; i < BACKHAND_RING; i++) {
        backhand_ring_begin(&ring, &other, 9, 2 * SECOND);
    }
    backhand_ring_end(&ring, &slow, 1000, 0);
    assert_true(read_record(BACKHAND_RING, 3 * SECOND).runs);
    assert_int_equal(read_record(BACKHAND_RING, 3 * SECOND).level, 9);
    /* The time that it took is learnt all the same. */
    assert_int_equal(ring.ends, 1);
}

static void what_another_server_serves_takes_no_place(void **state)
{
    backhand_ring_entry kept = {0, 0}, gone = {0, 0};
    (void)state;
    backhand_ring_begin(&ring, &kept, 1, SECOND);
    for (int i = 0; i < 3000; i++) {
        backhand_ring_begin(&ring, &gone, 2, SECOND + i);
        backhand_ring_leave(&ring, &gone);
    }
    assert_int_equal(ring.next, 1);
    assert_true(read_record(0, 2 * SECOND).runs);
    /* One that came in between keeps its own. */
    backhand_ring_begin(&ring, &gone, 2, SECOND);
    backhand_ring_begin(&ring, &kept, 3, SECOND);
    backhand_ring_leave(&ring, &gone);
    backhand_record record;
    assert_false(backhand_ring_read(&record, &ring, 1, 2 * SECOND));
    assert_int_equal(read_record(2, 2 * SECOND).level, 3);
    /* Once it has left nothing comes of its end. */
    backhand_ring_end(&ring, &gone, 1000, 0);
    assert_int_equal(ring.ends, 0);
}

static void any_numbers_are_read_as_something(void **state)
{
    static const int64_t odd[] = {0, 1, -1, 8191, 8192, INT32_MAX, INT64_MAX, INT64_MIN};
    (void)state;
    for (size_t i = 0; i < 8; i++) {
        for (size_t k = 0; k < 8; k++) {
            backhand_ring_entry place = {0, 0};
            backhand_record record;
            backhand_ring_begin(&ring, &place, odd[i], 40 * SECOND);
            backhand_ring_trial(&ring, &place);
            assert_true(backhand_ring_entry_is_trial(&place));
            record = read_record(place.number, 41 * SECOND);
            assert_in_range(record.level, 1, 8191);
            assert_true(record.trial && record.runs);
            backhand_ring_end(&ring, &place, odd[k], 0);
            record = read_record(place.number, 41 * SECOND);
            assert_true(record.trial && !record.runs && record.log >= 0 && record.log < 33);
        }
    }
    /* A clock that another process has read a little later is no age of hours. */
    backhand_ring_entry place = {0, 0};
    backhand_ring_begin(&ring, &place, 1, 40 * SECOND);
    assert_near(read_record(place.number, 39 * SECOND).age + 1, 1, 0.001);
}

static void what_is_old_is_wiped_out(void **state)
{
    backhand_ring_entry place = {0, 0};
    backhand_record record;
    (void)state;
    backhand_ring_begin(&ring, &place, 1, 40 * SECOND);
    backhand_ring_wipe(&ring, 0, 99 * SECOND, 60 * SECOND);
    assert_true(backhand_ring_read(&record, &ring, 0, 99 * SECOND));
    backhand_ring_wipe(&ring, 0, 101 * SECOND, 60 * SECOND);
    assert_false(backhand_ring_read(&record, &ring, 0, 101 * SECOND));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(records_stand_in_the_order_of_arrival, setup),
        cmocka_unit_test_setup(a_place_that_was_taken_again_is_left_alone, setup),
        cmocka_unit_test_setup(what_another_server_serves_takes_no_place, setup),
        cmocka_unit_test_setup(any_numbers_are_read_as_something, setup),
        cmocka_unit_test_setup(what_is_old_is_wiped_out, setup),
    };
    return cmocka_run_group_tests_name("ring", tests, NULL, NULL);
}
