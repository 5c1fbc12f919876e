/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* How a server that is slow or fails comes back: own trials, and offers. */

#include "announce/moderator/offer.h"
#include "candidacy/chain.h"
#include "load/trial.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define SECOND INT64_C(1000000)

static backhand_trials trials;
static int64_t now;

static int setup(void **state)
{
    (void)state;
    backhand_random_seed(5);
    memset(&trials, 0, sizeof(trials));
    now = 1000 * SECOND;
    return 0;
}

static double exponential(double mean)
{
    return -mean * log(backhand_random_share());
}

/* It seems to take 800 ms, and takes `mean`. */
static void try_once(double mean, double errors, int failed)
{
    backhand_trial_result tried = {.log = log(exponential(mean)) + 0.577,
                                   .slow = log(800000),
                                   .spread = 1.28,
                                   .errors = errors,
                                   .failed = failed,
                                   .number = 77};
    backhand_trials_end(&trials, &tried);
}

/* Requests that would go away for `seconds`, 100 a second; each trial takes `mean`. @return trials */
static int send_away(int seconds, double mean)
{
    int n = 0;
    for (int i = 0; i < 100 * seconds && !trials.recovered; i++) {
        now += SECOND / 100;
        if (backhand_trials_due(&trials, log(10), now)) {
            n++;
            try_once(mean, 0, 0);
        }
    }
    return n;
}

static void who_stays_slow_is_tried_ever_more_seldom(void **state)
{
    int first, later;
    (void)state;
    first = send_away(10, 800000);
    assert_in_range(first, 3, 25);
    later = send_away(100, 800000);
    assert_in_range(later, 1, 40);
    assert_false(trials.recovered);
    /* Not in each of a hundred requests, however fast they come. */
    assert_true(first + later < 11000 / 48);
}

static void who_is_well_again_has_recovered_after_a_few(void **state)
{
    int tried = 0;
    (void)state;
    for (int i = 0; i < 50; i++) {
        memset(&trials, 0, sizeof(trials));
        send_away(5, 800000);
        tried += send_away(60, 80000);
        assert_true(trials.recovered == 78);
        assert_int_equal(trials.bad, 0);
    }
    assert_in_range(tried, 100, 300);
}

static void one_at_a_time_is_tried(void **state)
{
    (void)state;
    for (int i = 0; i < 48; i++) {
        assert_false(backhand_trials_due(&trials, 1, now));
    }
    assert_true(backhand_trials_due(&trials, 1, now));
    for (int i = 0; i < 500; i++) {
        assert_false(backhand_trials_due(&trials, 1, now + i * SECOND / 10));
    }
    /* One that never ends, its process killed, does not stop it for ever; nor does a clock that goes back. */
    assert_true(backhand_trials_due(&trials, 1, now + 61 * SECOND));
    assert_true(backhand_trials_due(&trials, 1, now + 200 * SECOND) || trials.out != 0);
    backhand_trials_drop(&trials);
    assert_int_equal(trials.out, 0);
}

static void who_failed_has_recovered_when_it_does_not(void **state)
{
    (void)state;
    trials.gap = 7000;
    for (int i = 0; i < 20; i++) {
        try_once(1000, 1, 1);
    }
    assert_false(trials.recovered);
    try_once(80000, 1, 0);
    assert_false(trials.recovered);
    try_once(80000, 0.9, 0);
    assert_true(trials.recovered);
    /* One that fails half of the time seldom seems well. */
    memset(&trials, 0, sizeof(trials));
    for (int i = 0; i < 20; i++) {
        try_once(80000, 0.5, i % 2);
    }
    assert_false(trials.recovered);
}

/* --- offers
 * ------------------------------------------------------------------------------------------------------------ */

static backhand_meter meter;
static backhand_offer offer;

static int offers(serverstat *said)
{
    memset(said, 0, sizeof(*said));
    said->parallel = 12000;
    said->typical = 800000;
    said->samples = 30;
    said->service = 900000;
    now += SECOND / 4;
    backhand_offer_look(&offer, &meter, said, now);
    return meter.trials.offers != 0;
}

static void who_has_no_clients_offers_itself(void **state)
{
    serverstat said;
    int made = 0, later = 0;
    (void)state;
    memset(&meter, 0, sizeof(meter));
    memset(&offer, 0, sizeof(offer));
    meter.usual.log = log(80000);
    assert_false(offers(&said));
    meter.slowness = 2;
    for (int i = 0; i < 40; i++) {
        if (offers(&said)) {
            made++;
            assert_int_equal(said.parallel, 1000);
            assert_in_range(said.typical, 79999, 80001);
            assert_int_equal(said.samples, 3);
            /* Somebody takes it. */
            meter.ended = now;
        }
    }
    assert_in_range(made, 4, 20);
    for (int i = 0; i < 400; i++) {
        later += offers(&said);
        meter.ended = meter.trials.offers ? now : meter.ended;
    }
    assert_in_range(later, 3, 30);
    /* Not while something is in flight; at once while it seems to recover; and not with clients of its own. */
    meter.inflight = 1;
    meter.trials.evidence = 1000;
    assert_false(offers(&said));
    meter.inflight = 0;
    assert_true(offers(&said));
    meter.given++;
    assert_false(offers(&said));
    assert_int_equal(said.parallel, 12000);
}

static void who_was_never_fast_offers_itself_as_unknown(void **state)
{
    serverstat said;
    int made = 0;
    (void)state;
    memset(&meter, 0, sizeof(meter));
    memset(&offer, 0, sizeof(offer));
    offers(&said);
    meter.behind = 2500;
    for (int i = 0; i < 20 && !made; i++) {
        made = offers(&said);
    }
    assert_true(made);
    assert_int_equal(said.typical, 0);
    assert_int_equal(said.samples, 0);
    assert_int_equal(said.service, 0);
    assert_int_equal(meter.trials.gap, 2500);
}

static void who_fails_offers_itself(void **state)
{
    serverstat said;
    int made = 0;
    (void)state;
    memset(&meter, 0, sizeof(meter));
    memset(&offer, 0, sizeof(offer));
    offers(&said);
    meter.failing = 1000;
    for (int i = 0; i < 20 && !made; i++) {
        made = offers(&said);
    }
    assert_true(made);
    assert_int_equal(said.errors, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(who_stays_slow_is_tried_ever_more_seldom, setup),
        cmocka_unit_test_setup(who_is_well_again_has_recovered_after_a_few, setup),
        cmocka_unit_test_setup(one_at_a_time_is_tried, setup),
        cmocka_unit_test_setup(who_failed_has_recovered_when_it_does_not, setup),
        cmocka_unit_test_setup(who_has_no_clients_offers_itself, setup),
        cmocka_unit_test_setup(who_was_never_fast_offers_itself_as_unknown, setup),
        cmocka_unit_test_setup(who_fails_offers_itself, setup),
    };
    return cmocka_run_group_tests_name("trial", tests, NULL, NULL);
}
