/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* The walk through the candidates: the order in which servers are asked, and what follows from their answers. */

#include "walk_fixture.h"

/* --- asked ------------------------------------------------------------------------------------------------- */

static void the_first_answers(void **state)
{
    (void)state;
    left(a, b, -1);
    asks(BACKHAND_RESULT_NONE, a);
    assert_int_equal(step.chosen, 1);
    assert_string_equal(step.announcement.stat.contact, "http://10.0.0.1:80");
    is_answered(BACKHAND_OFF_CHOSEN);
    assert_int_equal(walk.tries, 1);
}

static void the_sooner_one_answers(void **state)
{
    (void)state;
    left(a, -1);
    candidates.why = BACKHAND_WHY_SOONER;
    asks(BACKHAND_RESULT_NONE, a);
    is_answered(BACKHAND_OFF_SOONER);
}

static void the_next_answers(void **state)
{
    (void)state;
    left(a, b, -1);
    candidates.why = BACKHAND_WHY_SOONER;
    asks(BACKHAND_RESULT_NONE, a);
    asks(BACKHAND_RESULT_FAILED, b);
    is_answered(BACKHAND_OFF_NEXT);
    assert_int_equal(walk.tries, 2);
}

static void the_first_is_passed_over(void **state)
{
    (void)state;
    left(a, b, -1);
    is_busy(a);
    asks(BACKHAND_RESULT_NONE, b);
    is_answered(BACKHAND_OFF_NEXT);
}

static void all_fail(void **state)
{
    (void)state;
    left(a, b, -1);
    asks(BACKHAND_RESULT_NONE, a);
    asks(BACKHAND_RESULT_FAILED, b);
    stays(BACKHAND_RESULT_FAILED, BACKHAND_HERE_FAILED);
    assert_int_equal(walk.tries, 2);
}

static void after_a_failure_this_server_s_turn_is_for_that_reason(void **state)
{
    (void)state;
    left(a, 0, -1);
    candidates.why = BACKHAND_WHY_TRIAL;
    asks(BACKHAND_RESULT_NONE, a);
    stays(BACKHAND_RESULT_FAILED, BACKHAND_HERE_FAILED);
}

static void no_more_tries_than_may_be(void **state)
{
    (void)state;
    left(a, b, c, -1);
    rules.tries = 2;
    asks(BACKHAND_RESULT_NONE, a);
    asks(BACKHAND_RESULT_FAILED, b);
    stays(BACKHAND_RESULT_FAILED, BACKHAND_HERE_FAILED);
}

static void without_tries_nobody_is_asked(void **state)
{
    (void)state;
    left(a, -1);
    rules.tries = 0;
    stays(BACKHAND_RESULT_NONE, BACKHAND_HERE_FAILED);
}

static void what_cannot_be_repeated_fails(void **state)
{
    (void)state;
    left(a, b, -1);
    asks(BACKHAND_RESULT_NONE, a);
    fails(BACKHAND_RESULT_LOST, BACKHAND_OFF_FAILED, 502);
    assert_int_equal(walk.tries, 1);
}

static void what_takes_too_long_fails(void **state)
{
    (void)state;
    left(a, b, -1);
    asks(BACKHAND_RESULT_NONE, a);
    fails(BACKHAND_RESULT_TIMED_OUT, BACKHAND_OFF_FAILED, 504);
}

static void the_client_s_error_ends_it(void **state)
{
    (void)state;
    left(a, b, -1);
    asks(BACKHAND_RESULT_NONE, a);
    fails(BACKHAND_RESULT_CLIENT, BACKHAND_ENDED_CLIENT, 0);
    assert_int_equal(walk.tries, 1);
}

static void the_client_s_error_shows_before(void **state)
{
    (void)state;
    left(a, b, -1);
    fails(BACKHAND_RESULT_BODY, BACKHAND_ENDED_CLIENT, 0);
    assert_int_equal(walk.tries, 0);
}

static void the_client_is_sent_there(void **state)
{
    (void)state;
    left(a, b, -1);
    list[0].redirect = BACKHAND_REDIRECT_NAME;
    rules.unsafe = rules.coded = 1;
    goes_on(BACKHAND_RESULT_NONE);
    is_because(BACKHAND_STEP_REDIRECT, BACKHAND_REDIRECTED);
    assert_int_equal(step.id, a);
    assert_int_equal(step.redirect, BACKHAND_REDIRECT_NAME);
    assert_string_equal(step.announcement.stat.contact, "http://10.0.0.1:80");
}

static void without_redirects_it_is_asked(void **state)
{
    (void)state;
    left(a, -1);
    list[0].redirect = BACKHAND_REDIRECT_IP;
    rules.no_redirects = 1;
    asks(BACKHAND_RESULT_NONE, a);
}

/* --- the order --------------------------------------------------------------------------------------------- */

static void who_refused_lately_is_asked_last(void **state)
{
    (void)state;
    left(a, b, c, -1);
    refuses(a);
    asks(BACKHAND_RESULT_NONE, b);
    asks(BACKHAND_RESULT_FAILED, c);
    asks(BACKHAND_RESULT_FAILED, a);
    stays(BACKHAND_RESULT_FAILED, BACKHAND_HERE_FAILED);
}

static void who_refused_long_ago_is_asked_as_before(void **state)
{
    (void)state;
    left(a, b, -1);
    refuses(a);
    hear_all(5001, 0, 0);
    asks(BACKHAND_RESULT_NONE, a);
}

static void who_fell_silent_is_asked_last(void **state)
{
    (void)state;
    left(a, b, c, -1);
    falls_silent(a);
    asks(BACKHAND_RESULT_NONE, b);
    asks(BACKHAND_RESULT_FAILED, c);
    asks(BACKHAND_RESULT_FAILED, a);
}

static void when_all_are_silent_this_server_hears_nothing(void **state)
{
    (void)state;
    left(a, b, c, -1);
    wait_ms(3 * INTERVAL + 1);
    asks(BACKHAND_RESULT_NONE, a);
}

static void this_server_comes_before_who_is_asked_last(void **state)
{
    (void)state;
    left(a, 0, -1);
    refuses(a);
    stays(BACKHAND_RESULT_NONE, BACKHAND_HERE_CHOSEN);
}

static void who_becomes_ready_meanwhile_is_asked_in_the_second_round(void **state)
{
    (void)state;
    left(a, b, -1);
    is_busy(a);
    asks(BACKHAND_RESULT_NONE, b);
    hear_all(1, 0, 0);
    asks(BACKHAND_RESULT_FAILED, a);
    is_answered(BACKHAND_OFF_NEXT);
}

static void nobody_is_asked_twice(void **state)
{
    (void)state;
    left(a, b, c, -1);
    rules.tries = 100;
    asks(BACKHAND_RESULT_NONE, a);
    asks(BACKHAND_RESULT_UNREADY, b);
    asks(BACKHAND_RESULT_FAILED, c);
    stays(BACKHAND_RESULT_FAILED, BACKHAND_HERE_FAILED);
}

static void the_list_stays_as_it_was(void **state)
{
    static const int ids[] = {1, 2, 3};
    (void)state;
    left(a, b, c, -1);
    asks(BACKHAND_RESULT_NONE, a);
    asks(BACKHAND_RESULT_FAILED, b);
    asks(BACKHAND_RESULT_UNREADY, c);
    stays(BACKHAND_RESULT_FAILED, BACKHAND_HERE_FAILED);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(list[i].id, ids[i]);
    }
    assert_int_equal(candidates.n, 3);
}

static void it_goes_on_with_a_shorter_list(void **state)
{
    static ServerSlot shorter[2];
    backhand_candidates rest = candidates;
    (void)state;
    left(a, b, c, -1);
    refuses(a);
    asks(BACKHAND_RESULT_NONE, b);
    rest.list = shorter;
    rest.n = 2;
    shorter[0].id = a;
    shorter[1].id = c;
    memset(asked, 0, sizeof(asked));
    backhand_walk_resume(&walk, &rest, 1, asked);
    asks(BACKHAND_RESULT_FAILED, c);
    rest.n = 1;
    memset(asked, 0, sizeof(asked));
    backhand_walk_resume(&walk, &rest, 1, asked);
    asks(BACKHAND_RESULT_FAILED, a);
    stays(BACKHAND_RESULT_FAILED, BACKHAND_HERE_FAILED);
    assert_int_equal(walk.tries, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WALK_TEST(the_first_answers),
        WALK_TEST(the_sooner_one_answers),
        WALK_TEST(the_next_answers),
        WALK_TEST(the_first_is_passed_over),
        WALK_TEST(all_fail),
        WALK_TEST(after_a_failure_this_server_s_turn_is_for_that_reason),
        WALK_TEST(no_more_tries_than_may_be),
        WALK_TEST(without_tries_nobody_is_asked),
        WALK_TEST(what_cannot_be_repeated_fails),
        WALK_TEST(what_takes_too_long_fails),
        WALK_TEST(the_client_s_error_ends_it),
        WALK_TEST(the_client_s_error_shows_before),
        WALK_TEST(the_client_is_sent_there),
        WALK_TEST(without_redirects_it_is_asked),
        WALK_TEST(who_refused_lately_is_asked_last),
        WALK_TEST(who_refused_long_ago_is_asked_as_before),
        WALK_TEST(who_fell_silent_is_asked_last),
        WALK_TEST(when_all_are_silent_this_server_hears_nothing),
        WALK_TEST(this_server_comes_before_who_is_asked_last),
        WALK_TEST(who_becomes_ready_meanwhile_is_asked_in_the_second_round),
        WALK_TEST(nobody_is_asked_twice),
        WALK_TEST(the_list_stays_as_it_was),
        WALK_TEST(it_goes_on_with_a_shorter_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
