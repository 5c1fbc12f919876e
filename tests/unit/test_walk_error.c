/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* The walk where this server's own application fails: BackhandRetryStatus. */

#include "walk_fixture.h"

/* It is served here, and fails. The chain will run again. */
static void errs(backhand_reason reason)
{
    candidates.owner = -1;
    stays(BACKHAND_RESULT_NONE, reason);
    assert_int_equal(step.final, 0);
    goes_on(BACKHAND_RESULT_ERROR);
    assert_int_equal(step.kind, BACKHAND_STEP_CHAIN);
    assert_int_equal(step.id, 0);
    candidates.n = 0;
}

static void after_an_error_here_the_others_are_asked(void **state)
{
    (void)state;
    left(0, -1);
    candidates.why = BACKHAND_WHY_FREE;
    errs(BACKHAND_HERE_FREE);
    left(a, b, -1);
    candidates.why = BACKHAND_WHY_CHAIN;
    asks(BACKHAND_RESULT_CHAIN, a);
    assert_int_equal(step.final, 0);
    asks(BACKHAND_RESULT_FAILED, b);
    is_answered(BACKHAND_OFF_NEXT);
    assert_int_equal(walk.tries, 2);
}

static void the_error_is_the_answer_if_nobody_answers(void **state)
{
    (void)state;
    left(0, -1);
    candidates.why = BACKHAND_WHY_FREE;
    errs(BACKHAND_HERE_FREE);
    left(a, 0, -1);
    asks(BACKHAND_RESULT_CHAIN, a);
    stays(BACKHAND_RESULT_FAILED, BACKHAND_HERE_FREE);
    assert_int_equal(step.final, 1);
}

static void after_an_error_nobody_is_asked_twice(void **state)
{
    (void)state;
    left(a, 0, -1);
    candidates.owner = -1;
    asks(BACKHAND_RESULT_NONE, a);
    stays(BACKHAND_RESULT_FAILED, BACKHAND_HERE_FAILED);
    assert_int_equal(step.final, 0);
    goes_on(BACKHAND_RESULT_ERROR);
    assert_int_equal(step.kind, BACKHAND_STEP_CHAIN);
    candidates.n = 0;
    left(a, b, -1);
    asks(BACKHAND_RESULT_CHAIN, b);
}

static void after_an_error_no_wait_is_too_long(void **state)
{
    (void)state;
    left(0, -1);
    candidates.why = BACKHAND_WHY_FREE;
    rules.max_wait = 1;
    errs(BACKHAND_HERE_FREE);
    candidates.why = BACKHAND_WHY_CHAIN;
    left(a, -1);
    asks(BACKHAND_RESULT_CHAIN, a);
}

static void some_errors_here_are_the_answer(void **state)
{
    static const struct {
        backhand_walk_rules rules;
        int owner;
    } each[] = {{{.serves = 1, .tries = 3, .can_ask = 1}, 0},
                {{.serves = 1, .tries = 0, .can_ask = 1}, -1},
                {{.serves = 1, .tries = 3, .can_ask = 0}, -1},
                {{.serves = 1, .tries = 3, .can_ask = 1, .marked = 1}, -1},
                {{.serves = 1, .tries = 3, .can_ask = 1, .unsafe = 1}, -1},
                {{.serves = 1, .tries = 3, .can_ask = 1, .coded = 1}, -1},
                {{.serves = 1, .tries = 3, .can_ask = 1, .own = 1}, -1},
                {{.serves = 1, .tries = 3, .can_ask = 1, .left_alone = 1}, -1}};
    (void)state;
    left(0, -1);
    for (size_t i = 0; i < sizeof(each) / sizeof(each[0]); i++) {
        rules = each[i].rules;
        candidates.owner = each[i].owner;
        backhand_walk_begin(&walk, table, &rules, &candidates, asked);
        goes_on(BACKHAND_RESULT_NONE);
        assert_int_equal(step.kind, BACKHAND_STEP_HERE);
        assert_int_equal(step.final, 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WALK_TEST(after_an_error_here_the_others_are_asked), WALK_TEST(the_error_is_the_answer_if_nobody_answers),
        WALK_TEST(after_an_error_nobody_is_asked_twice),     WALK_TEST(after_an_error_no_wait_is_too_long),
        WALK_TEST(some_errors_here_are_the_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
