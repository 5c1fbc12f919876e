/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* The walk through the candidates: who is asked, who is not, and why a request is served here. */

#include "walk_fixture.h"

/* --- served here, by the chain's decision ------------------------------------------------------------------ */

static void the_chain_chose_this_server(void **state)
{
    static const struct {
        backhand_why why;
        backhand_reason reason;
    } each[] = {{BACKHAND_WHY_CHAIN, BACKHAND_HERE_CHOSEN},
                {BACKHAND_WHY_FREE, BACKHAND_HERE_FREE},
                {BACKHAND_WHY_HERE, BACKHAND_HERE_SOONEST},
                {BACKHAND_WHY_TRIAL, BACKHAND_HERE_TRIAL}};
    (void)state;
    left(0, a, -1);
    for (size_t i = 0; i < sizeof(each) / sizeof(each[0]); i++) {
        candidates.why = each[i].why;
        backhand_walk_begin(&walk, table, &rules, &candidates, asked);
        stays(BACKHAND_RESULT_NONE, each[i].reason);
        assert_int_equal(walk.tries, 0);
    }
}

static void the_chain_left_nobody(void **state)
{
    (void)state;
    stays(BACKHAND_RESULT_NONE, BACKHAND_HERE_NONE);
}

static void all_are_gone(void **state)
{
    backhand_announcement said = server(1, 9, 2);
    int id;
    (void)state;
    left(a, b, -1);
    said.leaving = 1;
    assert_int_equal(take(&said, &id), BACKHAND_DROP_NONE);
    backhand_table_forget(table, b);
    stays(BACKHAND_RESULT_NONE, BACKHAND_HERE_GONE);
}

/* Its announcements say so from now on. 0: this server. */
static void goes_down(int n)
{
    backhand_announcement said = server(n, n ? 9 : 1, 2);
    int id;
    said.stat.down = 1;
    if (n == 0) {
        backhand_table_set_self(table, &said);
    }
    else {
        assert_int_equal(take(&said, &id), BACKHAND_DROP_NONE);
    }
}

static void a_server_that_is_down_is_not_asked(void **state)
{
    (void)state;
    left(a, b, -1);
    goes_down(1);
    asks(BACKHAND_RESULT_NONE, b);
    stays(BACKHAND_RESULT_FAILED, BACKHAND_HERE_FAILED);
}

static void down_this_server_serves_when_nobody_else_does(void **state)
{
    (void)state;
    left(0, a, -1);
    goes_down(0);
    asks(BACKHAND_RESULT_NONE, a);
    stays(BACKHAND_RESULT_FAILED, BACKHAND_HERE_FAILED);
}

static void a_step_is_final_when_nobody_is_left(void **state)
{
    (void)state;
    left(a, b, -1);
    asks(BACKHAND_RESULT_NONE, a);
    assert_false(step.final);
    asks(BACKHAND_RESULT_FAILED, b);
    assert_false(step.final);
    memset(asked, 0, sizeof(asked));
    goes_down(0);
    backhand_walk_begin(&walk, table, &rules, &candidates, asked);
    asks(BACKHAND_RESULT_NONE, a);
    assert_false(step.final);
    asks(BACKHAND_RESULT_FAILED, b);
    assert_true(step.final);
}

static void the_tries_may_end_before_the_list(void **state)
{
    (void)state;
    left(a, b, -1);
    goes_down(0);
    rules.tries = 1;
    asks(BACKHAND_RESULT_NONE, a);
    assert_true(step.final);
}

static void a_client_that_has_gone_ends_it(void **state)
{
    (void)state;
    left(a, b, -1);
    asks(BACKHAND_RESULT_NONE, a);
    fails(BACKHAND_RESULT_GONE, BACKHAND_ENDED_GONE, 499);
    assert_int_equal(walk.tries, 1);
}

/* Server `a` says that it has so many requests in hand, each of 100 ms, and serves one at once. */
static void has_in_hand(int64_t inflight)
{
    backhand_announcement said = server(1, 9, ++sequence);
    int id;
    said.stat.inflight = inflight;
    said.stat.service = 100000;
    said.stat.parallel = 1000;
    assert_int_equal(take(&said, &id), BACKHAND_DROP_NONE);
}

static void who_would_wait_for_too_long_is_refused(void **state)
{
    (void)state;
    left(a, -1);
    has_in_hand(5);
    rules.max_wait = apr_time_from_msec(499);
    fails(BACKHAND_RESULT_NONE, BACKHAND_REFUSED_WAIT, 503);
    assert_int_equal(walk.wait, apr_time_from_msec(500));
    rules.max_wait = apr_time_from_msec(500);
    backhand_walk_begin(&walk, table, &rules, &candidates, asked);
    asks(BACKHAND_RESULT_NONE, a);
}

static void with_a_free_place_nobody_is_refused(void **state)
{
    (void)state;
    left(a, -1);
    has_in_hand(5);
    rules.max_wait = 1;
    candidates.why = BACKHAND_WHY_FREE;
    asks(BACKHAND_RESULT_NONE, a);
}

static void a_slot_with_another_server_is_not_asked(void **state)
{
    (void)state;
    left(a, -1);
    backhand_table_forget(table, a);
    for (int n = 10; hear(n, 9, 1) != a; n++) {
        assert_in_range(n, 10, 10 + SERVERS);
    }
    stays(BACKHAND_RESULT_NONE, BACKHAND_HERE_GONE);
}

/* --- served here, because nobody could be asked ------------------------------------------------------------ */

static void all_are_busy(void **state)
{
    (void)state;
    left(a, -1);
    is_busy(a);
    stays(BACKHAND_RESULT_NONE, BACKHAND_HERE_BUSY);
}

static void at_its_own_turn_this_server_says_why_not_the_others(void **state)
{
    (void)state;
    left(a, 0, -1);
    is_busy(a);
    stays(BACKHAND_RESULT_NONE, BACKHAND_HERE_BUSY);
}

static void a_busy_one_is_asked_by_those_that_let_requests_wait(void **state)
{
    (void)state;
    left(a, -1);
    is_busy(a);
    rules.queues = 1;
    asks(BACKHAND_RESULT_NONE, a);
}

static void a_host_without_tls(void **state)
{
    backhand_announcement said = server(4, 9, 1);
    int id;
    (void)state;
    said.contact.https = 1;
    backhand_contact_format(said.stat.contact, &said.contact);
    assert_int_equal(take(&said, &id), BACKHAND_DROP_NONE);
    candidates.generation = backhand_table_generation(table);
    left(id, -1);
    asks(BACKHAND_RESULT_NONE, id);
    assert_int_equal(walk.no_tls, -1);

    memset(asked, 0, sizeof(asked));
    rules.tls = 0;
    backhand_walk_begin(&walk, table, &rules, &candidates, asked);
    stays(BACKHAND_RESULT_NONE, BACKHAND_HERE_NO_TLS);
    assert_int_equal(walk.no_tls, id);
}

static void a_body_that_cannot_be_sent(void **state)
{
    (void)state;
    rules.coded = 1;
    left(a, -1);
    stays(BACKHAND_RESULT_NONE, BACKHAND_HERE_CODED);

    left(0, -1);
    backhand_walk_begin(&walk, table, &rules, &candidates, asked);
    stays(BACKHAND_RESULT_NONE, BACKHAND_HERE_CODED);
}

static void this_process_is_not_ready_for_a_server(void **state)
{
    (void)state;
    left(a, b, -1);
    asks(BACKHAND_RESULT_NONE, a);
    asks(BACKHAND_RESULT_UNREADY, b);
    stays(BACKHAND_RESULT_UNREADY, BACKHAND_HERE_UNREADY);
    assert_int_equal(walk.tries, 0);
}

static void as_many_wait_as_may(void **state)
{
    (void)state;
    left(a, b, -1);
    asks(BACKHAND_RESULT_NONE, a);
    stays(BACKHAND_RESULT_LIMIT, BACKHAND_HERE_LIMIT);
    assert_int_equal(walk.tries, 0);
}

static void as_many_tunnels_are_open_as_may(void **state)
{
    (void)state;
    left(a, b, -1);
    asks(BACKHAND_RESULT_NONE, a);
    stays(BACKHAND_RESULT_TUNNELS, BACKHAND_HERE_TUNNELS);
    assert_int_equal(walk.tries, 0);
}

static void a_process_that_can_ask_nobody(void **state)
{
    (void)state;
    left(a, -1);
    rules.can_ask = 0;
    stays(BACKHAND_RESULT_NONE, BACKHAND_HERE_LIMIT);
}

static void as_many_hold_interpreters_as_may(void **state)
{
    (void)state;
    left(a, b, -1);
    asks(BACKHAND_RESULT_NONE, a);
    stays(BACKHAND_RESULT_INTERPRETERS, BACKHAND_HERE_INTERPRETERS);
    assert_int_equal(walk.tries, 0);
}

static void an_unsafe_request(void **state)
{
    (void)state;
    left(a, -1);
    rules.unsafe = 1;
    stays(BACKHAND_RESULT_NONE, BACKHAND_HERE_UNSAFE);
}

static void what_each_server_says_of_itself(void **state)
{
    (void)state;
    left(a, -1);
    rules.own = rules.marked = 1;
    stays(BACKHAND_RESULT_NONE, BACKHAND_HERE_OWN);
}

static void what_proxypass_has(void **state)
{
    (void)state;
    left(a, -1);
    rules.left_alone = 1;
    stays(BACKHAND_RESULT_NONE, BACKHAND_NOT_PROXYPASS);
}

/* --- what an attempt means --------------------------------------------------------------------------------- */

static void each_attempt_has_its_meaning(void **state)
{
    static const struct {
        backhand_handoff_result attempt;
        backhand_walk_result once, repeatable;
    } each[] = {
        {BACKHAND_ANSWERED, BACKHAND_RESULT_ANSWERED, BACKHAND_RESULT_ANSWERED},
        {BACKHAND_REFUSED, BACKHAND_RESULT_FAILED, BACKHAND_RESULT_FAILED},
        {BACKHAND_STALE, BACKHAND_RESULT_LOST, BACKHAND_RESULT_FAILED},
        {BACKHAND_DROPPED, BACKHAND_RESULT_LOST, BACKHAND_RESULT_FAILED},
        {BACKHAND_UNWANTED, BACKHAND_RESULT_LOST, BACKHAND_RESULT_FAILED},
        {BACKHAND_GONE, BACKHAND_RESULT_GONE, BACKHAND_RESULT_GONE},
        {BACKHAND_BROKEN, BACKHAND_RESULT_LOST, BACKHAND_RESULT_LOST},
        {BACKHAND_TIMED_OUT, BACKHAND_RESULT_TIMED_OUT, BACKHAND_RESULT_TIMED_OUT},
        {BACKHAND_CLIENT, BACKHAND_RESULT_CLIENT, BACKHAND_RESULT_CLIENT},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(each) / sizeof(each[0]); i++) {
        assert_int_equal(backhand_walk_result_of(each[i].attempt, 0), each[i].once);
        assert_int_equal(backhand_walk_result_of(each[i].attempt, 1), each[i].repeatable);
    }
}

static void each_reason_has_a_text_of_its_own(void **state)
{
    (void)state;
    for (int i = 0; i < BACKHAND_REASONS; i++) {
        const char *text = backhand_reason_text((backhand_reason)i);
        assert_non_null(text);
        assert_non_null(strchr(text, ':'));
        for (int k = 0; k < i; k++) {
            assert_string_not_equal(text, backhand_reason_text((backhand_reason)k));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WALK_TEST(the_chain_chose_this_server),
        WALK_TEST(the_chain_left_nobody),
        WALK_TEST(all_are_gone),
        WALK_TEST(a_server_that_is_down_is_not_asked),
        WALK_TEST(down_this_server_serves_when_nobody_else_does),
        WALK_TEST(a_step_is_final_when_nobody_is_left),
        WALK_TEST(the_tries_may_end_before_the_list),
        WALK_TEST(a_client_that_has_gone_ends_it),
        WALK_TEST(who_would_wait_for_too_long_is_refused),
        WALK_TEST(with_a_free_place_nobody_is_refused),
        WALK_TEST(a_slot_with_another_server_is_not_asked),
        WALK_TEST(all_are_busy),
        WALK_TEST(at_its_own_turn_this_server_says_why_not_the_others),
        WALK_TEST(a_busy_one_is_asked_by_those_that_let_requests_wait),
        WALK_TEST(a_host_without_tls),
        WALK_TEST(a_body_that_cannot_be_sent),
        WALK_TEST(this_process_is_not_ready_for_a_server),
        WALK_TEST(as_many_wait_as_may),
        WALK_TEST(as_many_tunnels_are_open_as_may),
        WALK_TEST(a_process_that_can_ask_nobody),
        WALK_TEST(as_many_hold_interpreters_as_may),
        WALK_TEST(an_unsafe_request),
        WALK_TEST(what_each_server_says_of_itself),
        WALK_TEST(what_proxypass_has),
        cmocka_unit_test(each_attempt_has_its_meaning),
        cmocka_unit_test(each_reason_has_a_text_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
