/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* The meter's estimates, one by one: how often each is right over many draws. */

#include "candidacy/chain.h"
#include "load/change.h"
#include "load/concurrency.h"
#include "load/early.h"
#include "load/latency.h"
#include "load/stall.h"
#include "load/usual.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define SECOND INT64_C(1000000)

static int setup(void **state)
{
    (void)state;
    backhand_random_seed(11);
    return 0;
}

static double exponential(double mean)
{
    return -mean * log(backhand_random_share());
}

/* 95 % take 0.3 times the mean, 5 % take 14.3 times. */
static double bimodal(double mean)
{
    return backhand_random_below(100) < 5 ? 14.3 * mean : 0.3 * mean;
}

static void assert_between(double value, double low, double high)
{
    if (!(value >= low && value <= high)) {
        fail_msg("%g is not between %g and %g", value, low, high);
    }
}

/* --- change ------------------------------------------------------------------------------------------------ */

/* Of `n` samples with that spread the newest `fresh` are `by` higher. @return how many are taken for new */
static int changed(double (*draw)(double), int n, int fresh, double by)
{
    double x[BACKHAND_SAMPLES] = {0}, mean = 0, square = 0;
    for (int i = 0; i < n; i++) {
        x[i] = log(draw(1000));
        mean += x[i] / n;
        square += x[i] * x[i] / n;
    }
    for (int i = 0; i < n; i++) {
        x[i] += (i < fresh ? by : 0) - mean;
    }
    return backhand_change_find(x, n, sqrt(square - mean * mean));
}

static void a_server_that_stays_as_it_is_is_known_by_all(void **state)
{
    int whole = 0;
    (void)state;
    for (int i = 0; i < 400; i++) {
        whole += changed(exponential, 1000, 0, 0) == 1000;
    }
    assert_between(whole, 380, 400);
}

static void a_server_ten_times_slower_is_known_by_a_few(void **state)
{
    int right = 0;
    (void)state;
    for (int i = 0; i < 200; i++) {
        int kept = changed(exponential, 500, 8, log(10));
        right += kept >= 6 && kept <= 12;
    }
    assert_between(right, 150, 200);
    /* One or two slow ones say nothing. */
    assert_int_equal(changed(exponential, 500, 2, 0.5), 500);
}

static void faster_needs_more_than_slower(void **state)
{
    double x[500];
    (void)state;
    for (int i = 0; i < 500; i++) {
        x[i] = i < 3 ? -3 : 0;
    }
    assert_int_equal(backhand_change_find(x, 500, 1), 500);
    for (int i = 0; i < 20; i++) {
        x[i] = -3;
    }
    assert_between(backhand_change_find(x, 500, 1), 17, 24);
    for (int i = 0; i < 500; i++) {
        x[i] = i < 4 ? 3 : 0;
    }
    assert_int_equal(backhand_change_find(x, 500, 1), 4);
}

static void too_few_samples_are_all_that_there_are(void **state)
{
    double x[5] = {9, 9, 9, 0, 0};
    (void)state;
    for (int n = 0; n <= 4; n++) {
        assert_int_equal(backhand_change_find(x, n, 1), n);
    }
}

/* --- concurrency ------------------------------------------------------------------------------------------- */

static double parallel_of(double (*draw)(double), int slots, int most, int steep, int requests)
{
    static backhand_concurrency_level levels[BACKHAND_CONCURRENCY_LEVELS];
    backhand_concurrency out;
    double mean = 0, square = 0;

    memset(levels, 0, sizeof(levels));
    for (int i = 0; i < requests; i++) {
        int level = 1 + (int)backhand_random_below((uint32_t)most);
        double one = log(draw(1000));
        mean += one / requests;
        square += one * one / requests;
        backhand_concurrency_learn(levels, level, one + (level > slots ? steep * log((double)level / slots) : 0));
    }
    backhand_concurrency_fit(&out, levels, square - mean * mean);
    return out.knee ? out.requests : -out.requests;
}

static void the_knee_is_found(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) {
        assert_between(parallel_of(exponential, 4, 16, 1, 8000), 3, 6);
        assert_between(parallel_of(exponential, 12, 40, 2, 8000), 11, 16);
        assert_between(parallel_of(bimodal, 12, 40, 2, 8000), 11, 16);
        assert_between(parallel_of(exponential, 1, 8, 1, 8000), 1, 1);
        assert_between(parallel_of(exponential, 64, 200, 1, 16000), 50, 100);
    }
}

static void without_contention_nothing_is_claimed(void **state)
{
    (void)state;
    /* No knee, and what was seen, but 4 at least. */
    for (int i = 0; i < 20; i++) {
        assert_between(parallel_of(exponential, 1000, 2, 1, 500), -4, -4);
        assert_between(parallel_of(exponential, 1000, 30, 1, 5000), -40, -20);
    }
    assert_between(parallel_of(exponential, 1, 1, 1, 0), -4, -4);
}

/* --- usual
 * ------------------------------------------------------------------------------------------------------------ */

static void long_requests_weigh_little_in_what_is_typical(void **state)
{
    backhand_usual usual = {0};
    (void)state;
    for (int i = 0; i < 4000; i++) {
        backhand_usual_learn(&usual, log(bimodal(80000)), 0);
    }
    /* The mean of logarithms is near the short ones, and the mean is the mean. */
    assert_between(exp(usual.log), 24000, 36000);
    /* A request counts as eight times the mean at most. */
    assert_between(usual.mean, 30000, 50000);
    assert_between(backhand_usual_variation(&usual), 4, 16);
    assert_between(backhand_usual_spread(&usual), 0.5, 1.2);
}

static void the_present_slowness_is_not_learnt_as_usual(void **state)
{
    backhand_usual usual = {0};
    (void)state;
    for (int i = 0; i < 2000; i++) {
        backhand_usual_learn(&usual, log(exponential(80000)), 0);
    }
    for (int i = 0; i < 200; i++) {
        backhand_usual_learn(&usual, log(exponential(800000)), log(10));
    }
    assert_between(usual.steady, 65000, 95000);
}

/* --- stall
 * ------------------------------------------------------------------------------------------------------------ */

/* How often in `ends` ends of a server with that many slots, always full, it seems to stall. */
static int false_stalls(double (*draw)(double), double variation, int slots, int ends)
{
    backhand_stall stall = {.usual = 80000, .variation = (int64_t)(1000 * variation)};
    double left[64];
    int64_t now = SECOND;
    int seen = 0;

    for (int i = 0; i < slots; i++) {
        left[i] = draw(80000);
    }
    backhand_stall_account(&stall, 0, 1000 * slots, now);
    for (int n = 0; n < ends; n++) {
        int first = 0;
        double step;
        for (int i = 1; i < slots; i++) {
            first = left[i] < left[first] ? i : first;
        }
        step = left[first];
        for (int i = 0; i < slots; i++) {
            left[i] -= step;
        }
        now += (int64_t)step;
        seen += n > 4 && backhand_stall_factor(&stall, slots, 1000 * slots, now) > 1;
        backhand_stall_account(&stall, slots, 1000 * slots, now);
        backhand_stall_end(&stall);
        left[first] = draw(80000);
    }
    return seen;
}

static void what_ends_as_usual_does_not_stall(void **state)
{
    (void)state;
    assert_between(false_stalls(exponential, 1, 12, 5000), 0, 25);
    assert_between(false_stalls(bimodal, 9.7, 12, 5000), 0, 25);
    assert_between(false_stalls(exponential, 1, 1, 5000), 0, 25);
}

static void that_nothing_ends_is_seen_within_some_service_times(void **state)
{
    backhand_stall stall = {.usual = 80000, .variation = 1000};
    int64_t now = SECOND, since;
    (void)state;
    assert_true(backhand_stall_factor(&stall, 0, 12000, now) == 1);
    backhand_stall_account(&stall, 0, 12000, now);
    for (since = 0; backhand_stall_factor(&stall, 12, 12000, now + since) <= 1; since += 1000) {
    }
    assert_between((double)since, 60000, 200000);
    /* With the time it grows, and beyond `parallel` requests count for nothing. */
    assert_true(backhand_stall_factor(&stall, 12, 12000, now + 2 * since) >
                backhand_stall_factor(&stall, 12, 12000, now + since));
    assert_true(backhand_stall_factor(&stall, 40, 12000, now + since) ==
                backhand_stall_factor(&stall, 12, 12000, now + since));
    backhand_stall_account(&stall, 12, 12000, now + since);
    assert_true(backhand_stall_factor(&stall, 12, 12000, now + since) > 1);
    backhand_stall_reset(&stall);
    assert_true(backhand_stall_factor(&stall, 12, 12000, now + since) == 1);
    /* A clock that goes back, or years ahead, does no harm. */
    backhand_stall_account(&stall, 12, 12000, 1);
    backhand_stall_account(&stall, INT64_MAX, INT64_MAX, INT64_MAX);
    assert_true(backhand_stall_factor(&stall, INT64_MAX, INT64_MAX, INT64_MIN) >= 1);
}

/* --- early announcements
 * ------------------------------------------------------------------------------------------------ */

static int news(backhand_early *early, backhand_meter *meter, int64_t inflight, int64_t now, int64_t announced,
                int servers)
{
    int due;
    meter->inflight = inflight;
    due = backhand_early_due(early, meter, now, announced, servers);
    if (due) {
        backhand_early_done(early);
    }
    return due;
}

static void who_is_full_or_free_again_says_so(void **state)
{
    static backhand_meter meter;
    backhand_early early = {0, 0};
    (void)state;
    meter.parallel = 12000;
    assert_false(news(&early, &meter, 11, 1000000, 900000, 4));
    assert_true(news(&early, &meter, 12, 1000000, 900000, 4));
    assert_false(news(&early, &meter, 30, 1100000, 1000000, 4));
    /* Not at once again, but for each other. */
    assert_false(news(&early, &meter, 10, 1200000, 1100000, 4));
    assert_true(news(&early, &meter, 9, 1200000, 1100000, 4));
    /* Not sooner than 20 ms after the last, nor than 1 ms for each server. */
    assert_false(news(&early, &meter, 12, 1210000, 1200000, 4));
    assert_true(news(&early, &meter, 12, 1220000, 1200000, 4));
    assert_false(news(&early, &meter, 0, 1320000, 1220000, 200));
    assert_true(news(&early, &meter, 0, 1420000, 1220000, 200));
    /* A recovery is news, too. */
    meter.trials.recovered = 1;
    assert_true(news(&early, &meter, 0, 1520000, 1420000, 4));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_server_that_stays_as_it_is_is_known_by_all, setup),
        cmocka_unit_test_setup(a_server_ten_times_slower_is_known_by_a_few, setup),
        cmocka_unit_test_setup(faster_needs_more_than_slower, setup),
        cmocka_unit_test_setup(too_few_samples_are_all_that_there_are, setup),
        cmocka_unit_test_setup(the_knee_is_found, setup),
        cmocka_unit_test_setup(without_contention_nothing_is_claimed, setup),
        cmocka_unit_test_setup(long_requests_weigh_little_in_what_is_typical, setup),
        cmocka_unit_test_setup(the_present_slowness_is_not_learnt_as_usual, setup),
        cmocka_unit_test_setup(what_ends_as_usual_does_not_stall, setup),
        cmocka_unit_test_setup(that_nothing_ends_is_seen_within_some_service_times, setup),
        cmocka_unit_test_setup(who_is_full_or_free_again_says_so, setup),
    };
    return cmocka_run_group_tests_name("estimates", tests, NULL, NULL);
}
