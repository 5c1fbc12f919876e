/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* The meter on requests whose durations are drawn by its own model, and by others. */

#include "candidacy/chain.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define SECOND   1000000
#define LOOK     (SECOND / 4)
#define PATIENCE (SECOND / 2)

static const backhand_patience alone = {.others = PATIENCE};

static backhand_meter meter;
static int64_t now;
static backhand_work work;

static int setup(void **state)
{
    (void)state;
    backhand_random_seed(7);
    memset(&meter, 0, sizeof(meter));
    memset(&work, 0, sizeof(work));
    now = (int64_t)1000 * SECOND;
    return 0;
}

static double exponential(double mean)
{
    return -mean * log(backhand_random_share());
}

/* A request that comes as one of `level`, all there at once. */
static void serve(int64_t level, double usec, int failed)
{
    meter.inflight = level - 1;
    backhand_meter_begin(&meter, now);
    backhand_meter_sample(&meter, level, (int64_t)usec, failed, now);
    meter.inflight = 0;
}

static void look(void)
{
    backhand_meter_read(&meter, now, &alone, &work);
}

/* Seconds of a server that serves `parallel` at once, 100 requests a second at levels from 1 to `most`. */
static void run(int seconds, double service, double parallel, int most)
{
    for (int i = 0; i < seconds * 4; i++) {
        for (int k = 0; k < 25; k++) {
            int64_t level = 1 + backhand_random_below((uint32_t)most);
            now += LOOK / 25;
            serve(level, exponential(service) * fmax(1, (double)level / parallel), 0);
        }
        look();
    }
}

static void assert_about(int64_t number, double expected, double part)
{
    if (fabs((double)number / expected - 1) > part) {
        fail_msg("%lld is not within %.0f %% of %.0f", (long long)number, 100 * part, expected);
    }
}

static void nothing_is_known_of_an_idle_server(void **state)
{
    (void)state;
    look();
    assert_int_equal(work.service, 0);
    assert_int_equal(work.parallel, 0);
    assert_int_equal(work.latency, 0);
    assert_int_equal(work.errors, 0);
    assert_int_equal(work.served, 0);
}

static void the_service_time_is_found(void **state)
{
    (void)state;
    run(5, 50000, 8, 4);
    assert_about(work.service, 50000, 0.2);
    assert_int_equal(work.served, 500);
}

static void what_is_served_at_once_is_found(void **state)
{
    (void)state;
    for (int parallel = 1; parallel <= 64; parallel *= 4) {
        setup(NULL);
        run(20, 50000, parallel, 3 * parallel);
        assert_about(work.parallel, 1000 * parallel, 0.35);
        assert_about(work.service * 1000 / work.parallel, 50000.0 / parallel, 0.2);
    }
}

static void what_was_not_shown_is_not_expected(void **state)
{
    (void)state;
    run(20, 50000, 100, 4);
    assert_in_range(work.parallel, 1000, 6000);
}

/* Of a mean that few very long requests make, half would be theirs. */
static void long_requests_do_not_carry_it_away(void **state)
{
    (void)state;
    for (int i = 0; i < 40; i++) {
        for (int k = 0; k < 25; k++) {
            now += LOOK / 25;
            serve(1, backhand_random_below(100) ? 10000 : 1000000, 0);
        }
        look();
    }
    assert_about(work.service, 10000, 0.2);
}

static void a_slowdown_is_seen_by_a_few_requests(void **state)
{
    (void)state;
    run(30, 20000, 4, 4);
    for (int i = 0; i < 8; i++) {
        now += LOOK / 25;
        serve(2, exponential(200000), 0);
    }
    assert_true(backhand_meter_service(&meter, work.service) > 60000);
    look();
    assert_true(work.service > 60000);
    run(3, 200000, 4, 4);
    assert_about(work.service, 200000, 0.3);
    assert_about(work.parallel, 4000, 0.6);
}

static void a_stall_counts_though_nothing_ends(void **state)
{
    (void)state;
    run(10, 20000, 4, 6);
    for (int i = 0; i < 4; i++) {
        backhand_meter_begin(&meter, now);
    }
    now += SECOND;
    look();
    assert_true(work.service > 500000);
    /* One alone may be one that takes long. */
    meter.inflight = 1;
    look();
    assert_true(work.service < 40000);
}

static void a_server_that_became_slow_is_tried_again(void **state)
{
    (void)state;
    run(30, 20000, 4, 4);
    run(5, 200000, 4, 2);
    assert_about(work.service, 200000, 0.4);
    now += 6 * PATIENCE;
    look();
    assert_true(work.service < 40000);
    assert_int_equal(work.parallel, 1000);
    /* The one that tries it out finds it fast, and what was before counts no more. */
    serve(1, 20000, 0);
    look();
    assert_true(work.service < 40000);
    assert_true(work.parallel > 2000);
}

static void a_server_that_always_was_slow_is_left_alone(void **state)
{
    (void)state;
    run(30, 200000, 4, 4);
    now += 20 * PATIENCE;
    look();
    assert_about(work.service, 200000, 0.3);
}

static void errors_count_as_such_and_not_as_fast(void **state)
{
    (void)state;
    for (int i = 0; i < 100; i++) {
        now += LOOK / 25;
        serve(1, i % 2 ? 30000 : 100, i % 2 == 0);
    }
    look();
    assert_in_range(work.errors, 400, 600);
    assert_about(work.service, 30000, 0.1);
    for (int i = 0; i < 100; i++) {
        now += LOOK / 25;
        serve(1, 100, 1);
    }
    look();
    assert_true(work.errors > 700);
}

static void errors_are_not_forgotten_with_the_speed(void **state)
{
    (void)state;
    run(30, 20000, 4, 4);
    run(5, 200000, 4, 2);
    for (int i = 0; i < 20; i++) {
        serve(1, 100, 1);
    }
    now += 6 * PATIENCE;
    look();
    assert_true(work.service < 40000);
    look();
    assert_true(work.errors > 200);
    assert_true(backhand_meter_errors(&meter, work.errors) > 900);
}

static void latency_is_that_of_the_present_crowd(void **state)
{
    (void)state;
    run(10, 10000, 4, 16);
    meter.inflight = 16;
    look();
    assert_about(work.latency, 40000, 0.5);
    meter.inflight = 2;
    look();
    assert_about(work.latency, 7000, 0.5);
}

static void latency_on_a_response_is_that_of_this_moment(void **state)
{
    int64_t calm;
    (void)state;
    run(20, 10000, 4, 12);
    meter.inflight = 2;
    look();
    calm = backhand_meter_latency(&meter, work.latency);
    assert_int_equal(calm, work.latency);
    meter.inflight = 40;
    assert_about(backhand_meter_latency(&meter, work.latency), 10.0 * (double)calm, 0.3);
    look();
    meter.inflight = 2;
    assert_about(backhand_meter_latency(&meter, work.latency), (double)work.latency / 10, 0.3);
}

static void old_samples_do_not_count(void **state)
{
    (void)state;
    for (int i = 0; i < 100; i++) {
        serve(1, 10000, 1);
    }
    now += 31 * (int64_t)SECOND;
    look();
    assert_int_equal(work.errors, 0);
    /* The time in a sample comes round after 2^20 ms. */
    for (int i = 0; i < 70; i++) {
        now += 15 * (int64_t)SECOND;
        look();
        assert_int_equal(work.errors, 0);
    }
}

static void what_a_killed_process_left_is_taken_back(void **state)
{
    (void)state;
    backhand_meter_begin(&meter, now);
    backhand_meter_begin(&meter, now);
    for (int i = 0; i < 8; i++) {
        backhand_meter_reconcile(&meter, 1);
        assert_int_equal(meter.inflight, 2);
    }
    backhand_meter_reconcile(&meter, 1);
    assert_int_equal(meter.inflight, 1);
    for (int i = 0; i < 20; i++) {
        backhand_meter_reconcile(&meter, i % 2);
        assert_int_equal(meter.inflight, 1);
    }
}

static void any_numbers_do_no_harm(void **state)
{
    (void)state;
    for (int i = 0; i < 20000; i++) {
        int64_t level = (int64_t)(backhand_random_share() * 20000) - 100;
        double usec = (backhand_random_share() - 0.1) * 1e15;
        now += (int64_t)((backhand_random_share() - 0.3) * 1e6);
        meter.inflight = (int64_t)((backhand_random_share() - 0.3) * 1e5);
        backhand_meter_sample(&meter, level, (int64_t)usec, i % 3 == 0, now);
        if (i % 10 == 0) {
            look();
            assert_in_range(work.inflight, 0, INT32_MAX);
            assert_in_range(work.service, 0, INT32_MAX);
            assert_in_range(work.parallel, 0, 4096000);
            assert_in_range(work.latency, 0, INT32_MAX);
            assert_in_range(work.errors, 0, 1000);
        }
        /* What a policy may have written over the figures that were read. */
        int64_t written = (int64_t)((backhand_random_share() - 0.5) * 1.8e19);
        assert_in_range(backhand_meter_service(&meter, written), 0, INT32_MAX);
        assert_in_range(backhand_meter_latency(&meter, written), 0, INT32_MAX);
        assert_in_range(backhand_meter_errors(&meter, written), 0, 1000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(nothing_is_known_of_an_idle_server, setup),
        cmocka_unit_test_setup(the_service_time_is_found, setup),
        cmocka_unit_test_setup(what_is_served_at_once_is_found, setup),
        cmocka_unit_test_setup(what_was_not_shown_is_not_expected, setup),
        cmocka_unit_test_setup(long_requests_do_not_carry_it_away, setup),
        cmocka_unit_test_setup(a_slowdown_is_seen_by_a_few_requests, setup),
        cmocka_unit_test_setup(a_stall_counts_though_nothing_ends, setup),
        cmocka_unit_test_setup(a_server_that_became_slow_is_tried_again, setup),
        cmocka_unit_test_setup(a_server_that_always_was_slow_is_left_alone, setup),
        cmocka_unit_test_setup(errors_count_as_such_and_not_as_fast, setup),
        cmocka_unit_test_setup(errors_are_not_forgotten_with_the_speed, setup),
        cmocka_unit_test_setup(latency_is_that_of_the_present_crowd, setup),
        cmocka_unit_test_setup(latency_on_a_response_is_that_of_this_moment, setup),
        cmocka_unit_test_setup(old_samples_do_not_count, setup),
        cmocka_unit_test_setup(what_a_killed_process_left_is_taken_back, setup),
        cmocka_unit_test_setup(any_numbers_do_no_harm, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
