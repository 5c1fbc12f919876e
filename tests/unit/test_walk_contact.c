/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* The walk where this server's own contact is asked: BackhandSelfRedirect, and requests with a mark. */

#include "walk_fixture.h"

/* --- BackhandSelfRedirect ---------------------------------------------------------------------------------- */

static void this_server_is_asked_at_its_contact(void **state)
{
    (void)state;
    left(0, a, -1);
    rules.asks_self = 1;
    asks(BACKHAND_RESULT_NONE, 0);
    assert_int_equal(step.chosen, 1);
    asks(BACKHAND_RESULT_FAILED, a);
    stays(BACKHAND_RESULT_FAILED, BACKHAND_HERE_FAILED);
}

static void where_it_may_not_be_served_the_contact_is_asked(void **state)
{
    (void)state;
    rules.asks_self = 1;
    rules.serves = 0;
    asks(BACKHAND_RESULT_NONE, 0);
    assert_int_equal(step.chosen, 0);
    fails(BACKHAND_RESULT_FAILED, BACKHAND_REFUSED_AWAY, 503);
    assert_int_equal(walk.tries, 1);
}

static void the_contact_is_asked_after_the_others_and_once(void **state)
{
    (void)state;
    left(a, 0, b, -1);
    rules.asks_self = 1;
    rules.serves = 0;
    asks(BACKHAND_RESULT_NONE, a);
    asks(BACKHAND_RESULT_FAILED, 0);
    asks(BACKHAND_RESULT_FAILED, b);
    fails(BACKHAND_RESULT_FAILED, BACKHAND_REFUSED_AWAY, 503);
}

static void the_contact_is_asked_beyond_the_tries(void **state)
{
    (void)state;
    left(a, b, -1);
    rules.asks_self = rules.tries = 1;
    rules.serves = 0;
    asks(BACKHAND_RESULT_NONE, a);
    asks(BACKHAND_RESULT_FAILED, 0);
    is_answered(BACKHAND_OFF_NEXT);
}

static void over_the_bounds_nobody_may_serve_it(void **state)
{
    (void)state;
    left(a, b, -1);
    rules.asks_self = 1;
    rules.serves = 0;
    asks(BACKHAND_RESULT_NONE, a);
    asks(BACKHAND_RESULT_LIMIT, 0);
    fails(BACKHAND_RESULT_LIMIT, BACKHAND_REFUSED_AWAY, 503);
    assert_int_equal(walk.tries, 0);
}

static void without_a_contact_nobody_may_serve_it(void **state)
{
    (void)state;
    rules.serves = 0;
    fails(BACKHAND_RESULT_NONE, BACKHAND_REFUSED_AWAY, 503);
}

/* --- requests with a mark ---------------------------------------------------------------------------------- */

static void a_marked_request_goes_nowhere(void **state)
{
    (void)state;
    left(a, b, -1);
    rules.marked = 1;
    stays(BACKHAND_RESULT_NONE, BACKHAND_HERE_MARKED);
}

static void a_marked_request_goes_to_the_contact(void **state)
{
    (void)state;
    rules.marked = rules.asks_self = 1;
    asks(BACKHAND_RESULT_NONE, 0);
    assert_int_equal(step.chosen, 0);
    stays(BACKHAND_RESULT_FAILED, BACKHAND_HERE_MARKED);
}

static void a_marked_request_that_may_not_be_served_here(void **state)
{
    (void)state;
    rules.marked = rules.asks_self = 1;
    rules.serves = 0;
    asks(BACKHAND_RESULT_NONE, 0);
    fails(BACKHAND_RESULT_UNREADY, BACKHAND_REFUSED_AWAY, 503);
}

static void a_loop_is_refused(void **state)
{
    (void)state;
    rules.marked = rules.loop = rules.asks_self = 1;
    fails(BACKHAND_RESULT_NONE, BACKHAND_REFUSED_LOOP, 508);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WALK_TEST(this_server_is_asked_at_its_contact),
        WALK_TEST(where_it_may_not_be_served_the_contact_is_asked),
        WALK_TEST(the_contact_is_asked_after_the_others_and_once),
        WALK_TEST(the_contact_is_asked_beyond_the_tries),
        WALK_TEST(over_the_bounds_nobody_may_serve_it),
        WALK_TEST(without_a_contact_nobody_may_serve_it),
        WALK_TEST(a_marked_request_goes_nowhere),
        WALK_TEST(a_marked_request_goes_to_the_contact),
        WALK_TEST(a_marked_request_that_may_not_be_served_here),
        WALK_TEST(a_loop_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
