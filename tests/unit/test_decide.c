/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* The rule on estimates: what must hold whatever they are. */

#include "candidacy/decide.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* 80 ms, 12 at once, known well. */
static const backhand_estimate usual = {.inflight = 5,
                                        .parallel = 12,
                                        .places = 12,
                                        .service = 80000,
                                        .typical = 44000,
                                        .samples = 500,
                                        .spread = 1.2,
                                        .known = 2000,
                                        .stall = 1,
                                        .burden = 1,
                                        .hop = 500};

static backhand_contest contest;
static backhand_verdict verdict;

static int setup(void **state)
{
    (void)state;
    memset(&contest, 0, sizeof(contest));
    contest.others = 4;
    contest.here = 1;
    for (int i = 0; i < 5; i++) {
        contest.of[i] = usual;
    }
    contest.of[4].hop = 0;
    return 0;
}

static int best(void)
{
    backhand_decide(&verdict, &contest);
    return verdict.n ? verdict.best[0] : -1;
}

static void with_a_free_place_it_stays_whoever_is_idle(void **state)
{
    (void)state;
    for (int inflight = 0; inflight < 12; inflight++) {
        contest.of[4].inflight = inflight;
        contest.of[1].inflight = 0;
        assert_int_equal(best(), -1);
        assert_true(verdict.free);
    }
}

static void differences_that_chance_makes_decide_nothing(void **state)
{
    (void)state;
    /* Three standard errors of two means of 500, and 10 %. */
    contest.of[4].typical *= exp(3 * 1.2 * sqrt(2.0 / 500) + 0.09);
    assert_int_equal(best(), -1);
    contest.of[4].typical *= exp(0.2);
    assert_true(best() >= 0);
    /* With few samples hardly any difference is sure. */
    contest.of[4].samples = 5;
    contest.of[4].known = 20;
    assert_int_equal(best(), -1);
    contest.of[4].typical *= exp(4);
    assert_true(best() >= 0);
}

static void what_waits_goes_where_there_is_room(void **state)
{
    (void)state;
    contest.of[4].inflight = 14;
    for (int i = 0; i < 4; i++) {
        contest.of[i].inflight = i == 2 ? 11 : 20;
    }
    assert_int_equal(best(), 2);
    assert_false(verdict.free);
    /* Of two servers with room, the emptier gets it. */
    contest.of[1].inflight = 3;
    assert_int_equal(best(), 1);
    assert_int_equal(verdict.n, 2);
    /* A queue that is hardly shorter is no gain. */
    for (int i = 0; i < 4; i++) {
        contest.of[i].inflight = 14;
    }
    assert_int_equal(best(), -1);
}

static void no_more_than_three_are_looked_at(void **state)
{
    (void)state;
    contest.others = BACKHAND_OTHERS;
    for (int i = 0; i <= BACKHAND_OTHERS; i++) {
        contest.of[i] = usual;
        contest.of[i].inflight = 8 - i;
    }
    contest.of[BACKHAND_OTHERS].inflight = 30;
    assert_int_equal(best(), 2);
    assert_int_equal(verdict.n, 3);
    assert_int_equal(verdict.best[2], 0);
}

static void a_slow_server_sends_away_what_it_could_serve(void **state)
{
    (void)state;
    contest.of[4].typical *= 10;
    contest.of[4].inflight = 0;
    assert_true(best() >= 0);
    assert_true(verdict.free);
    assert_true(verdict.gap > 1.5 && verdict.gap < log(10));
    /* Unless the others are so full that it is sooner here all the same. */
    for (int i = 0; i < 4; i++) {
        contest.of[i].inflight = 200;
    }
    assert_int_equal(best(), -1);
}

static void noise_between_two_others_decides_nothing(void **state)
{
    (void)state;
    /* Home is slow, and hardly known; the others are compared with one another by what is known of them. */
    contest.of[4].typical *= 10;
    contest.of[4].samples = 4;
    contest.of[4].known = 16;
    for (int i = 0; i < 4; i++) {
        contest.of[i].typical *= exp(0.05 * (i % 2 ? 1 : -1));
        contest.of[i].inflight = 5 + i;
    }
    assert_int_equal(best(), 0);
    contest.of[0].inflight = 9;
    assert_int_equal(best(), 1);
}

static void errors_attract_nobody_and_send_away(void **state)
{
    (void)state;
    contest.of[0].inflight = 0;
    contest.of[0].service = 1000;
    contest.of[0].burden = backhand_estimate_burden(1);
    contest.of[4].inflight = 40;
    for (int i = 1; i < 4; i++) {
        contest.of[i].inflight = 40;
    }
    assert_int_equal(best(), -1);
    contest.of[4].burden = backhand_estimate_burden(0.9);
    assert_true(best() > 0);
    assert_true(backhand_estimate_burden(0.05) < 1.2);
    /* Where this server may not serve it either: rather a full one than one that fails, rather that one than none. */
    contest.here = 0;
    contest.of[1].inflight = 10000;
    contest.others = 2;
    assert_int_equal(best(), 1);
    assert_int_equal(verdict.n, 1);
    contest.others = 1;
    assert_int_equal(best(), 0);
}

static void a_stall_sends_away_and_keeps_away(void **state)
{
    (void)state;
    contest.of[4].stall = 3;
    assert_true(best() >= 0);
    for (int i = 0; i < 4; i++) {
        contest.of[i].stall = 3;
    }
    assert_int_equal(best(), -1);
}

static void a_server_that_says_nothing_counts_as_the_reference(void **state)
{
    (void)state;
    contest.of[4].inflight = 30;
    for (int i = 0; i < 4; i++) {
        contest.of[i].inflight = 12;
    }
    contest.of[3] = (backhand_estimate){.parallel = 4, .places = 4, .stall = 1, .burden = 1, .hop = 500};
    contest.others = 4;
    assert_int_equal(best(), 0);
    contest.of[0] = contest.of[3];
    assert_int_equal(best(), 0);
    contest.of[0].inflight = 30;
    assert_true(best() > 0);
    /* Where nobody knows anything the free place decides. */
    for (int i = 0; i < 5; i++) {
        contest.of[i] = contest.of[3];
    }
    contest.of[4].inflight = 8;
    assert_true(best() >= 0);
    contest.of[4].inflight = 3;
    assert_int_equal(best(), -1);
}

static void a_mean_of_old_counts_where_there_is_no_news(void **state)
{
    (void)state;
    contest.of[4].samples = contest.of[4].known = 0;
    contest.of[4].service = 800000;
    assert_true(best() >= 0);
    /* A mean says little: half as fast is not surely slower, and faster is never believed. */
    contest.of[4].service = 130000;
    assert_int_equal(best(), -1);
    contest.of[4] = usual;
    contest.of[0].samples = contest.of[0].known = 0;
    contest.of[0].service = 100;
    assert_int_equal(best(), -1);
}

static void the_hop_and_the_bias_are_this_servers_advantage(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++) {
        contest.of[i].service = 4000;
        contest.of[i].inflight = i == 4 ? 14 : 0;
    }
    assert_true(best() >= 0);
    for (int i = 0; i < 4; i++) {
        contest.of[i].hop = 1000;
    }
    assert_int_equal(best(), -1);
    for (int i = 0; i < 4; i++) {
        contest.of[i].hop = 0;
    }
    contest.bias = 1000;
    assert_int_equal(best(), -1);
}

static void without_this_server_the_best_of_three_is_first(void **state)
{
    (void)state;
    contest.here = 0;
    contest.of[1].inflight = 0;
    assert_int_equal(best(), 1);
    assert_int_equal(verdict.n, 3);
    contest.others = 0;
    assert_int_equal(best(), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(with_a_free_place_it_stays_whoever_is_idle, setup),
        cmocka_unit_test_setup(differences_that_chance_makes_decide_nothing, setup),
        cmocka_unit_test_setup(what_waits_goes_where_there_is_room, setup),
        cmocka_unit_test_setup(no_more_than_three_are_looked_at, setup),
        cmocka_unit_test_setup(a_slow_server_sends_away_what_it_could_serve, setup),
        cmocka_unit_test_setup(noise_between_two_others_decides_nothing, setup),
        cmocka_unit_test_setup(errors_attract_nobody_and_send_away, setup),
        cmocka_unit_test_setup(a_stall_sends_away_and_keeps_away, setup),
        cmocka_unit_test_setup(a_server_that_says_nothing_counts_as_the_reference, setup),
        cmocka_unit_test_setup(a_mean_of_old_counts_where_there_is_no_news, setup),
        cmocka_unit_test_setup(the_hop_and_the_bias_are_this_servers_advantage, setup),
        cmocka_unit_test_setup(without_this_server_the_best_of_three_is_first, setup),
    };
    return cmocka_run_group_tests_name("decide", tests, NULL, NULL);
}
