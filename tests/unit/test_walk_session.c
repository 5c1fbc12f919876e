/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* The walk of a request with a session: its owner is asked and nobody else, until the owner is lost. */

#include "farm.h"
#include "table/blame.h"
#include "walk/walk.h"

/* The owner, and another server. */
static int owner, other;
static ServerSlot list[SERVERS];
static backhand_candidates candidates;
static backhand_walk_rules rules;
static backhand_walk walk;
static backhand_step step;
static uint64_t asked[BACKHAND_WALK_WORDS(SERVERS)];
static uint64_t sequence;

static int begin(void **state)
{
    setup(state);
    sequence = 1;
    owner = hear(1, 9, sequence);
    other = hear(2, 9, sequence);
    hear(3, 9, sequence);
    memset(asked, 0, sizeof(asked));
    list[0] = (ServerSlot){owner, BACKHAND_HANDOFF};
    candidates =
        (backhand_candidates){.list = list, .n = 1, .owner = owner, .generation = backhand_table_generation(table)};
    rules = (backhand_walk_rules){.retry = apr_time_from_sec(5), .tries = 3, .serves = 1, .can_ask = 1, .tls = 1};
    backhand_walk_begin(&walk, table, &rules, &candidates, asked);
    return 0;
}

static void goes_on(backhand_walk_result last)
{
    memset(&step, 0xff, sizeof(step));
    backhand_walk_step(&walk, last, &step);
}

static void asks_owner(backhand_walk_result last)
{
    goes_on(last);
    assert_int_equal(step.kind, BACKHAND_STEP_ASK);
    assert_int_equal(step.id, owner);
    assert_int_equal(step.generation, backhand_table_slot_generation(table, owner));
    assert_int_equal(step.owned, 1);
}

static void is_held_back(backhand_walk_result last, backhand_reason obstacle)
{
    goes_on(last);
    assert_int_equal(step.kind, BACKHAND_STEP_FAIL);
    assert_int_equal(step.reason, BACKHAND_REFUSED_SESSION);
    assert_int_equal(step.status, 503);
    assert_string_equal(backhand_reason_text(step.obstacle), backhand_reason_text(obstacle));
    assert_string_equal(step.announcement.stat.contact, server(1, 9, 1).stat.contact);
}

static void is_lost(backhand_walk_result last, int id)
{
    goes_on(last);
    assert_int_equal(step.kind, BACKHAND_STEP_CHAIN);
    assert_int_equal(step.id, id);
}

/* The chain ran again and left this server. */
static void chain_left(int id, int owned)
{
    list[0] = (ServerSlot){id, BACKHAND_HANDOFF};
    candidates.owner = owned ? id : -1;
}

static void hear_again(int n, int ready)
{
    backhand_announcement said = server(n, 9, ++sequence);
    int id;
    said.stat.aservers = ready;
    assert_int_equal(take(&said, &id), BACKHAND_DROP_NONE);
}

static void refuses(int id)
{
    backhand_table_refused(table, id, backhand_table_slot_generation(table, id));
}

static void it_is_asked_when_busy(void **state)
{
    (void)state;
    hear_again(1, 0);
    assert_int_equal(backhand_table_ready(table, owner), 0);
    asks_owner(BACKHAND_RESULT_NONE);
    goes_on(BACKHAND_RESULT_ANSWERED);
    assert_int_equal(step.kind, BACKHAND_STEP_ANSWERED);
    assert_int_equal(step.reason, BACKHAND_OFF_CHOSEN);
}

static void nobody_else_is_asked(void **state)
{
    static const struct {
        backhand_walk_result result;
        backhand_reason obstacle;
    } each[] = {{BACKHAND_RESULT_LIMIT, BACKHAND_HERE_LIMIT},
                {BACKHAND_RESULT_INTERPRETERS, BACKHAND_HERE_INTERPRETERS},
                {BACKHAND_RESULT_UNREADY, BACKHAND_HERE_UNREADY}};
    (void)state;
    candidates.n = 2;
    list[1] = (ServerSlot){other, BACKHAND_HANDOFF};
    for (size_t i = 0; i < sizeof(each) / sizeof(each[0]); i++) {
        backhand_walk_begin(&walk, table, &rules, &candidates, asked);
        asks_owner(BACKHAND_RESULT_NONE);
        is_held_back(each[i].result, each[i].obstacle);
    }
}

static void what_cannot_be_sent_is_held_back(void **state)
{
    (void)state;
    rules.can_ask = 0;
    is_held_back(BACKHAND_RESULT_NONE, BACKHAND_HERE_LIMIT);
    rules.unsafe = 1;
    is_held_back(BACKHAND_RESULT_NONE, BACKHAND_HERE_UNSAFE);
    rules.unsafe = 0;
    rules.can_ask = rules.coded = 1;
    is_held_back(BACKHAND_RESULT_NONE, BACKHAND_HERE_CODED);
    rules.coded = rules.tries = 0;
    is_held_back(BACKHAND_RESULT_NONE, BACKHAND_HERE_FAILED);
}

static void the_client_may_be_sent_there(void **state)
{
    (void)state;
    rules.session_redirects = 1;
    asks_owner(BACKHAND_RESULT_NONE);
    goes_on(BACKHAND_RESULT_LIMIT);
    assert_int_equal(step.kind, BACKHAND_STEP_REDIRECT);
    assert_int_equal(step.reason, BACKHAND_REDIRECTED_SESSION);
    assert_int_equal(step.redirect, BACKHAND_REDIRECT_NAME);
    assert_int_equal(step.id, owner);
    assert_string_equal(step.announcement.stat.contact, server(1, 9, 1).stat.contact);
}

static void a_chain_may_send_it_there(void **state)
{
    (void)state;
    list[0].redirect = BACKHAND_REDIRECT_IP;
    goes_on(BACKHAND_RESULT_NONE);
    assert_int_equal(step.kind, BACKHAND_STEP_REDIRECT);
    assert_int_equal(step.reason, BACKHAND_REDIRECTED);
    assert_int_equal(step.redirect, BACKHAND_REDIRECT_IP);
}

/* It refused this very request. Whatever BackhandRetry is, the chain runs once more. */
static void who_refuses_is_lost(void **state)
{
    (void)state;
    rules.retry = 0;
    asks_owner(BACKHAND_RESULT_NONE);
    refuses(owner);
    is_lost(BACKHAND_RESULT_FAILED, owner);
    chain_left(other, 0);
    goes_on(BACKHAND_RESULT_CHAIN);
    assert_int_equal(step.kind, BACKHAND_STEP_ASK);
    assert_int_equal(step.id, other);
    assert_int_equal(step.owned, 0);
    goes_on(BACKHAND_RESULT_ANSWERED);
    assert_int_equal(step.reason, BACKHAND_OFF_NEXT);
}

static void who_left_is_lost(void **state)
{
    backhand_announcement leaves = server(1, 9, ++sequence);
    int id;
    (void)state;
    asks_owner(BACKHAND_RESULT_NONE);
    leaves.leaving = 1;
    assert_int_equal(take(&leaves, &id), BACKHAND_DROP_NONE);
    is_lost(BACKHAND_RESULT_FAILED, owner);
    chain_left(0, 0);
    goes_on(BACKHAND_RESULT_CHAIN);
    assert_int_equal(step.kind, BACKHAND_STEP_HERE);
}

static void who_is_silent_is_lost(void **state)
{
    (void)state;
    wait_ms(3 * INTERVAL);
    hear_again(2, 9);
    asks_owner(BACKHAND_RESULT_NONE);
    wait_ms(1);
    is_lost(BACKHAND_RESULT_FAILED, owner);
}

static void who_is_silent_but_answers_is_not_lost(void **state)
{
    backhand_work work = {.service = 1000, .typical = 1000};
    (void)state;
    wait_ms(2 * INTERVAL);
    backhand_table_sent(table, owner, backhand_table_slot_generation(table, owner));
    backhand_table_begun(table, owner, backhand_table_slot_generation(table, owner));
    backhand_table_report(table, owner, backhand_table_slot_generation(table, owner), &work, -1);
    backhand_table_returned(table, owner, backhand_table_slot_generation(table, owner));
    wait_ms(3 * INTERVAL);
    hear_again(2, 9);
    asks_owner(BACKHAND_RESULT_NONE);
    wait_ms(1);
    is_lost(BACKHAND_RESULT_FAILED, owner);
}

/* A request, or a page, may have caused it. */
static void who_fails_and_lives_is_asked_again(void **state)
{
    (void)state;
    asks_owner(BACKHAND_RESULT_NONE);
    asks_owner(BACKHAND_RESULT_FAILED);
    asks_owner(BACKHAND_RESULT_FAILED);
    is_held_back(BACKHAND_RESULT_FAILED, BACKHAND_HERE_FAILED);
    assert_int_equal(walk.tries, 3);
}

static void a_request_that_may_be_there_fails(void **state)
{
    (void)state;
    asks_owner(BACKHAND_RESULT_NONE);
    goes_on(BACKHAND_RESULT_LOST);
    assert_int_equal(step.kind, BACKHAND_STEP_FAIL);
    assert_int_equal(step.reason, BACKHAND_OFF_FAILED);
    assert_int_equal(step.status, 502);
}

/* Ids of one request may name several servers. A walk ends all the same. */
static void two_owners_are_lost(void **state)
{
    (void)state;
    refuses(owner);
    is_lost(BACKHAND_RESULT_NONE, owner);
    refuses(other);
    chain_left(other, 1);
    is_lost(BACKHAND_RESULT_CHAIN, other);
    chain_left(owner, 1);
    is_lost(BACKHAND_RESULT_CHAIN, owner);
    chain_left(other, 1);
    goes_on(BACKHAND_RESULT_CHAIN);
    assert_int_equal(step.kind, BACKHAND_STEP_ASK);
    assert_int_equal(step.owned, 0);
}

/* It needs no other server. */
static void this_server_owns_it(void **state)
{
    (void)state;
    rules.can_ask = 0;
    chain_left(0, 1);
    goes_on(BACKHAND_RESULT_NONE);
    assert_int_equal(step.kind, BACKHAND_STEP_HERE);
}

int main(void)
{
#define A_TEST(name) cmocka_unit_test_setup_teardown(name, begin, teardown)
    const struct CMUnitTest tests[] = {
        A_TEST(it_is_asked_when_busy),
        A_TEST(nobody_else_is_asked),
        A_TEST(what_cannot_be_sent_is_held_back),
        A_TEST(the_client_may_be_sent_there),
        A_TEST(a_chain_may_send_it_there),
        A_TEST(who_refuses_is_lost),
        A_TEST(who_left_is_lost),
        A_TEST(who_is_silent_is_lost),
        A_TEST(who_is_silent_but_answers_is_not_lost),
        A_TEST(who_fails_and_lives_is_asked_again),
        A_TEST(a_request_that_may_be_there_fails),
        A_TEST(two_owners_are_lost),
        A_TEST(this_server_owns_it),
    };
    return cmocka_run_group_tests_name("walk_session", tests, NULL, NULL);
}
