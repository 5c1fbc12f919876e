/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* The meter, as a whole, on a simulated server: what it says of one whose truth is known. */

#include "candidacy/chain.h"
#include "load/meter.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define SECOND 1000000
#define LOOK   (SECOND / 4)
#define MOST   400 /* requests at a time */

static backhand_meter meter;
static int64_t now, looked;
static backhand_work work;

/* A server with slots, first come first served; requests that wait count as in flight. */
static struct {
    backhand_ring_entry place[MOST];
    int64_t came[MOST];
    double left[MOST]; /* us of work */
    int n;             /* the first `slots` of them are served */
} server;

static int setup(void **state)
{
    (void)state;
    backhand_random_seed(7);
    memset(&meter, 0, sizeof(meter));
    memset(&work, 0, sizeof(work));
    memset(&server, 0, sizeof(server));
    now = looked = (int64_t)1000 * SECOND;
    return 0;
}

static double exponential(double mean)
{
    return -mean * log(backhand_random_share());
}

static double bimodal(double mean)
{
    return backhand_random_below(100) < 5 ? 14.3 * mean : 0.3 * mean;
}

static void look(void)
{
    backhand_meter_read(&meter, now, 0, &work);
    looked = now;
}

static void arrive(double usec)
{
    int64_t level = backhand_meter_enter(&meter, now);
    assert_true(server.n < MOST);
    server.came[server.n] = now;
    server.left[server.n] = usec;
    backhand_meter_begin(&meter, &server.place[server.n], level, now);
    server.n++;
}

static void end(int i, int failed)
{
    backhand_meter_end(&meter, &server.place[i], now - server.came[i], failed, now);
    backhand_meter_leave(&meter, now);
    server.n--;
    for (; i < server.n; i++) {
        server.place[i] = server.place[i + 1];
        server.came[i] = server.came[i + 1];
        server.left[i] = server.left[i + 1];
    }
}

/* Lets the time go on; the meter is read each 250 ms. */
static void pass(double usec, int slots, double speed)
{
    int64_t until = now + (int64_t)usec;
    while (now < until) {
        int64_t next = until < looked + LOOK ? until : looked + LOOK;
        int first = -1;
        double step = (double)(next - now);
        for (int i = 0; i < server.n && i < slots; i++) {
            if (server.left[i] / speed <= step) {
                step = server.left[i] / speed;
                first = i;
            }
        }
        for (int i = 0; i < server.n && i < slots; i++) {
            server.left[i] -= step * speed;
        }
        now = first >= 0 ? now + (int64_t)step : next;
        if (first >= 0) {
            end(first, 0);
        }
        if (now >= looked + LOOK) {
            look();
        }
    }
}

/* Seconds at that load. */
static void run(int seconds, double load, int slots, double (*draw)(double), double mean, double speed)
{
    double gap = mean / slots / load / speed;
    for (int64_t until = now + (int64_t)seconds * SECOND; now < until;) {
        pass(exponential(gap), slots, speed);
        arrive(draw(mean));
    }
}

static void assert_between(double value, double low, double high)
{
    if (!(value >= low && value <= high)) {
        fail_msg("%g is not between %g and %g", value, low, high);
    }
}

static void nothing_is_known_of_an_idle_server(void **state)
{
    (void)state;
    look();
    assert_int_equal(work.service, 0);
    assert_int_equal(work.typical, 0);
    assert_int_equal(work.samples, 0);
    assert_int_equal(work.parallel, 4000);
    assert_int_equal(work.errors, 0);
    assert_int_equal(work.stall, 1000);
    /* A few requests make no speed. */
    for (int i = 0; i < 10; i++) {
        arrive(80000);
        pass(100000, 12, 1);
    }
    assert_int_equal(work.samples, 0);
    assert_between((double)work.service, 79000, 81000);
}

static void speed_and_places_are_found(void **state)
{
    (void)state;
    run(90, 0.95, 12, exponential, 80000, 1);
    run(40, 0.7, 12, exponential, 80000, 1);
    assert_between((double)work.service, 65000, 95000);
    /* exp(mean of ln) of an exponential distribution is 0.56 of its mean. */
    assert_between((double)work.typical, 40000, 50000);
    assert_between((double)work.spread, 900, 1500);
    assert_between((double)work.parallel, 11000, 16000);
    assert_true(work.samples > 500);
    assert_true(work.calm);
}

static void a_tail_of_long_requests_looks_like_no_slowness(void **state)
{
    double most = 0, least = 1e9;
    (void)state;
    run(60, 0.6, 12, bimodal, 80000, 1);
    for (int i = 0; i < 60; i++) {
        run(1, 0.6, 12, bimodal, 80000, 1);
        most = fmax(most, (double)work.typical);
        least = fmin(least, (double)work.typical);
    }
    /* Short requests take 24 ms; one in twenty takes 1144. */
    assert_between(least, 24000, 32000);
    assert_between(most, 24000, 45000);
}

/* A server that is left with its long requests only is not slower. */
static void who_gets_hardly_anything_is_as_fast_as_before(void **state)
{
    int slow = 0;
    (void)state;
    run(60, 0.6, 12, bimodal, 80000, 1);
    for (int i = 0; i < 40; i++) {
        run(2, 0.6, 12, bimodal, 80000, 1);
        run(2, 0.05, 12, bimodal, 80000, 1);
        slow += work.samples >= 3 && work.typical > 60000;
    }
    assert_in_range(slow, 0, 3);
}

static void a_slowdown_is_seen_within_a_second_and_its_end_later(void **state)
{
    (void)state;
    run(60, 0.5, 12, exponential, 80000, 1);
    run(2, 0.2, 12, exponential, 80000, 0.1);
    assert_true(work.typical > 150000 || work.stall > 2000);
    run(10, 0.2, 12, exponential, 80000, 0.1);
    assert_true(work.typical > 200000);
    run(20, 0.5, 12, exponential, 80000, 1);
    assert_between((double)work.typical, 35000, 60000);
}

static void that_nothing_ends_is_seen_at_once(void **state)
{
    (void)state;
    run(60, 0.6, 12, exponential, 80000, 1);
    for (int i = 0; i < 12; i++) {
        arrive(80000);
    }
    assert_int_equal(backhand_meter_stall(&meter, now), 1000);
    pass(240000, 12, 1e-6);
    assert_true(backhand_meter_stall(&meter, now) > 1000);
}

static void overload_does_not_let_the_places_run_away(void **state)
{
    (void)state;
    run(20, 0.6, 12, exponential, 80000, 1);
    for (int i = 0; i < 30; i++) {
        run(1, 1.02, 12, exponential, 80000, 1);
    }
    assert_between((double)work.parallel, 5000, 24000);
}

/* No request is ever calm, and the first to end are the shortest. The wait for a place is told by service / parallel.
 */
static void a_server_that_was_never_calm_tells_the_wait_for_a_place(void **state)
{
    (void)state;
    for (int64_t until = now + 10 * SECOND; now < until; pass(1000, 4, 1)) {
        while (server.n < 100) {
            arrive(exponential(20000));
        }
    }
    assert_between((double)work.service / ((double)work.parallel / 1000), 4000, 6000);
}

static void errors_count_as_such_and_not_as_fast(void **state)
{
    int64_t service, samples;
    (void)state;
    run(30, 0.6, 12, exponential, 80000, 1);
    service = work.service;
    samples = work.samples;
    for (int i = 0; i < 3; i++) {
        arrive(0);
        end(server.n - 1, 1);
    }
    assert_in_range(backhand_meter_errors(&meter), 200, 400);
    for (int i = 0; i < 20; i++) {
        arrive(0);
        end(server.n - 1, 1);
    }
    look();
    assert_true(work.errors > 850);
    assert_between((double)work.service, 0.9 * (double)service, 1.1 * (double)service);
    assert_true(work.samples >= samples - 60);
    /* One that fails now and then does not fail. */
    for (int i = 0; i < 60; i++) {
        arrive(0);
        end(server.n - 1, 0);
    }
    assert_int_equal(backhand_meter_errors(&meter), 0);
}

static void a_recovery_forgets_what_was_before(void **state)
{
    (void)state;
    run(60, 0.5, 12, exponential, 80000, 1);
    run(20, 0.2, 12, exponential, 80000, 0.1);
    assert_true(work.typical > 200000);
    pass(5e6, 12, 1);
    for (int i = 0; i < 30 && meter.forget == 0; i++) {
        meter.trials.gap = (int64_t)(1000 * log((double)work.typical / 45000));
        arrive(80000);
        backhand_meter_trial(&meter, &server.place[0]);
        pass(100000, 12, 1);
    }
    pass(SECOND, 12, 1);
    assert_true(meter.forget > 0);
    assert_true(work.typical < 150000);
    assert_int_equal(meter.trials.recovered, 0);
}

static void what_is_handed_off_leaves_nothing(void **state)
{
    (void)state;
    for (int i = 0; i < 100; i++) {
        arrive(80000);
        backhand_meter_void(&meter, &server.place[0]);
        backhand_meter_end(&meter, &server.place[0], 5, 0, now);
        backhand_meter_leave(&meter, now);
        server.n = 0;
        now += SECOND;
    }
    look();
    assert_int_equal(work.served, 0);
    assert_int_equal(work.service, 0);
    assert_int_equal(meter.inflight, 0);
}

static void a_free_place_is_offered_up_to_what_was_seen_and_somewhat_more(void **state)
{
    (void)state;
    look();
    assert_int_equal(meter.room, 8000);
    run(60, 0.9, 12, exponential, 80000, 1);
    assert_int_equal(meter.room, work.parallel);
    /* Where each request needs a worker there are as many places as workers. */
    backhand_meter_read(&meter, now, 14, &work);
    assert_int_equal(meter.room, 14000);
    assert_int_equal(meter.slots, 1);
    backhand_meter_read(&meter, now, 400, &work);
    assert_int_equal(meter.room, work.parallel);
    assert_int_equal(meter.slots, 0);
}

static void latency_is_that_of_the_present_concurrency(void **state)
{
    (void)state;
    run(30, 0.5, 12, exponential, 80000, 1);
    assert_between((double)work.latency, 20000, 120000);
    meter.parallel = 12000;
    meter.looked = 12;
    meter.inflight = 24;
    assert_int_equal(backhand_meter_latency(&meter, 1000), 2000);
    meter.looked = 24;
    meter.inflight = 3;
    assert_int_equal(backhand_meter_latency(&meter, 1000), 500);
}

static void what_a_killed_process_left_is_taken_back(void **state)
{
    (void)state;
    meter.inflight = 5;
    for (int i = 0; i < 8; i++) {
        backhand_meter_reconcile(&meter, 3);
        assert_int_equal(meter.inflight, 5);
    }
    backhand_meter_reconcile(&meter, 3);
    assert_int_equal(meter.inflight, 3);
}

/* With any content of the shared memory this reading and the next are in range. */
static void any_numbers_do_no_harm(void **state)
{
    (void)state;
    for (int round = 0; round < 300; round++) {
        unsigned char *bytes = (unsigned char *)&meter.ring;
        for (int i = 0; i < 200; i++) {
            bytes[backhand_random_below(sizeof(meter.ring))] = (unsigned char)backhand_random_below(256);
        }
        meter.inflight = round % 3 ? (int64_t)backhand_random_below(100) : INT64_MIN;
        meter.trials.recovered = round % 7 == 0;
        now += LOOK;
        look();
        assert_true(work.inflight >= 0 && work.service >= 0 && work.typical >= 0 && work.parallel >= 1000);
        assert_in_range(work.samples, 0, 1024);
        assert_in_range(work.errors, 0, 1000);
        assert_true(work.stall >= 1000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(nothing_is_known_of_an_idle_server, setup),
        cmocka_unit_test_setup(speed_and_places_are_found, setup),
        cmocka_unit_test_setup(a_tail_of_long_requests_looks_like_no_slowness, setup),
        cmocka_unit_test_setup(who_gets_hardly_anything_is_as_fast_as_before, setup),
        cmocka_unit_test_setup(a_slowdown_is_seen_within_a_second_and_its_end_later, setup),
        cmocka_unit_test_setup(that_nothing_ends_is_seen_at_once, setup),
        cmocka_unit_test_setup(overload_does_not_let_the_places_run_away, setup),
        cmocka_unit_test_setup(a_server_that_was_never_calm_tells_the_wait_for_a_place, setup),
        cmocka_unit_test_setup(errors_count_as_such_and_not_as_fast, setup),
        cmocka_unit_test_setup(a_recovery_forgets_what_was_before, setup),
        cmocka_unit_test_setup(what_is_handed_off_leaves_nothing, setup),
        cmocka_unit_test_setup(a_free_place_is_offered_up_to_what_was_seen_and_somewhat_more, setup),
        cmocka_unit_test_setup(latency_is_that_of_the_present_concurrency, setup),
        cmocka_unit_test_setup(what_a_killed_process_left_is_taken_back, setup),
        cmocka_unit_test_setup(any_numbers_do_no_harm, setup),
    };
    return cmocka_run_group_tests_name("meter", tests, NULL, NULL);
}
