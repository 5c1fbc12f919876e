/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* How many requests may wait for other servers at once. */

#include "walk/bounds.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void a_number_is_that_number(void **state)
{
    (void)state;
    assert_int_equal(backhand_bounds_server(0, 50, 100), 0);
    assert_int_equal(backhand_bounds_server(7, 50, 100), 7);
    assert_int_equal(backhand_bounds_server(1000, 50, 100), 1000);
}

static void a_share_is_rounded_down(void **state)
{
    (void)state;
    assert_int_equal(backhand_bounds_server(-1, 50, 100), 50);
    assert_int_equal(backhand_bounds_server(-1, 50, 5), 2);
    assert_int_equal(backhand_bounds_server(-1, 0, 100), 0);
    assert_int_equal(backhand_bounds_server(-1, 100, 100), 100);
    for (int percent = 0; percent <= 100; percent++) {
        assert_int_equal(backhand_bounds_server(-1, percent, 100), percent);
    }
}

static void a_small_server_may_still_hand_off(void **state)
{
    (void)state;
    assert_int_equal(backhand_bounds_server(-1, 10, 2), 1);
    assert_int_equal(backhand_bounds_server(-1, 10, 9), 1);
    assert_int_equal(backhand_bounds_server(-1, 50, 1), 0);
    assert_int_equal(backhand_bounds_server(-1, 0, 2), 0);
}

static void one_worker_is_left_over(void **state)
{
    (void)state;
    assert_true(backhand_bounds_leave_one(4, 5));
    assert_false(backhand_bounds_leave_one(5, 5));
    assert_false(backhand_bounds_leave_one(1, 1));
}

static void one_thread_of_a_process_is_left_over(void **state)
{
    (void)state;
    assert_int_equal(backhand_bounds_process(25, 0), 24);
    assert_int_equal(backhand_bounds_process(25, 1), 24);
    assert_int_equal(backhand_bounds_process(1, 0), BACKHAND_BOUNDS_NONE);
    assert_int_equal(backhand_bounds_process(1, 1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_number_is_that_number),
        cmocka_unit_test(a_share_is_rounded_down),
        cmocka_unit_test(a_small_server_may_still_hand_off),
        cmocka_unit_test(one_worker_is_left_over),
        cmocka_unit_test(one_thread_of_a_process_is_left_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
