/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* Servers whose application fails its checks, and those that an order drains or gives less: who passes them over, and
 * when nobody does. */

#include "farm.h"

#include "candidacy/builtins.h"
#include "candidacy/chain.h"
#include "candidacy/estimate.h"
#include "candidacy/pick.h"
#include "candidacy/session_id.h"
#include "candidacy/share.h"
#include "table/duty.h"

static uint64_t sequence;
static int a, b;

static int begin(void **state)
{
    setup(state);
    sequence = 1;
    a = hear(1, 9, sequence);
    b = hear(2, 9, sequence);
    return 0;
}

/* 0 is this server. */
static void announces(int n, int down)
{
    backhand_announcement said = server(n, n ? 9 : 1, ++sequence);
    int id;
    said.stat.down = down;
    said.stat.why = down ? 503 : 0;
    if (n == 0) {
        backhand_table_set_self(table, &said);
    }
    else {
        assert_int_equal(take(&said, &id), BACKHAND_DROP_NONE);
    }
}

/* The ids of a list, each as a digit. */
static const char *digits(const ServerSlot *list, int n)
{
    static char text[SERVERS + 1];
    for (int i = 0; i < n; i++) {
        text[i] = (char)('0' + list[i].id);
    }
    text[n] = '\0';
    return text;
}

/* The first server of a chain with this function and by_age, which keeps the order. */
static const char *candidates_of_age(void)
{
    static ServerSlot list[SERVERS];
    backhand_candidates candidates = {.list = list};
    backhand_chain chain = {NULL, NULL, 0};
    backhand_function by_age = {.name = "byAge", .call = backhand_by_age};
    backhand_chain_append(&chain, &by_age, pool);
    backhand_chain_run(&chain, table, NULL, &candidates, NULL, NULL);
    return digits(list, candidates.n);
}

static void a_server_that_is_down_is_no_candidate(void **state)
{
    int ids[2];
    (void)state;
    assert_string_equal(candidates_of_age(), "012");
    announces(1, 7);
    assert_true(backhand_table_passed_over(table, a));
    assert_false(backhand_table_passed_over(table, b));
    assert_string_equal(candidates_of_age(), "02");
    for (int i = 0; i < 100; i++) {
        assert_int_equal(backhand_pick_any(table, ids, 2, table->now()), 1);
        assert_int_equal(ids[0], b);
    }
    assert_int_equal(table->stats[a].down, 7);
    assert_int_equal(table->stats[a].why, 503);
    announces(1, 0);
    assert_string_equal(candidates_of_age(), "012");
}

static void neither_is_this_one(void **state)
{
    (void)state;
    announces(0, 1);
    assert_true(backhand_table_passed_over(table, 0));
    assert_string_equal(candidates_of_age(), "12");
}

static void when_all_are_down_nobody_is(void **state)
{
    (void)state;
    announces(0, 1);
    announces(1, 1);
    announces(2, 1);
    assert_false(backhand_table_any_passed_over(table));
    assert_string_equal(candidates_of_age(), "012");
    announces(2, 0);
    assert_string_equal(candidates_of_age(), "2");
}

static void a_server_that_went_away_is_not_up(void **state)
{
    backhand_announcement said = server(2, 9, 100);
    int id;
    (void)state;
    announces(0, 1);
    announces(1, 1);
    said.leaving = 1;
    assert_int_equal(take(&said, &id), BACKHAND_DROP_NONE);
    assert_false(backhand_table_any_passed_over(table));
    sequence = 200;
    announces(2, 0);
    assert_true(backhand_table_any_passed_over(table));
    wait_ms(30000);
    backhand_table_look_duty(table);
    assert_false(backhand_table_any_passed_over(table));
    sequence = 300;
    announces(2, 0);
    backhand_table_look_duty(table);
    assert_true(backhand_table_any_passed_over(table));
    backhand_table_forget(table, b);
    announces(1, 1);
    backhand_table_look_duty(table);
    assert_false(backhand_table_any_passed_over(table));
}

/* --- orders ------------------------------------------------------------------------------------------------ */

static void is_ordered(int n, int duty, int withheld)
{
    backhand_announcement said = server(n, n ? 9 : 1, ++sequence);
    int id;
    said.stat.duty = duty;
    said.stat.withheld = withheld;
    if (n == 0) {
        backhand_table_set_self(table, &said);
    }
    else {
        assert_int_equal(take(&said, &id), BACKHAND_DROP_NONE);
    }
}

static void a_drained_server_gets_nothing_new_and_keeps_sessions(void **state)
{
    uint64_t generation = backhand_table_generation(table);
    (void)state;
    is_ordered(1, BACKHAND_DUTY_DRAIN, 0);
    assert_string_equal(candidates_of_age(), "02");
    assert_true(backhand_session_lives(table, a, generation));
    is_ordered(1, BACKHAND_DUTY_MAINTENANCE, 0);
    assert_string_equal(candidates_of_age(), "02");
    assert_false(backhand_session_lives(table, a, generation));
    is_ordered(1, BACKHAND_DUTY_NORMAL, 0);
    assert_string_equal(candidates_of_age(), "012");
}

static void a_drained_server_keeps_its_own_clients(void **state)
{
    ServerSlot list[3] = {{0, 0}, {1, 0}, {2, 0}};
    (void)state;
    is_ordered(0, BACKHAND_DUTY_DRAIN, 0);
    assert_string_equal(candidates_of_age(), "012");
    assert_false(backhand_table_passed_over(table, 0));
    /* but begins no sessions */
    assert_string_equal(digits(list, backhand_share_new(table, list, 3, 1)), "12");
    assert_true(backhand_session_lives(table, 0, backhand_table_generation(table)));
    is_ordered(0, BACKHAND_DUTY_MAINTENANCE, 0);
    assert_string_equal(candidates_of_age(), "12");
    assert_true(backhand_table_passed_over(table, 0));
}

static void when_all_are_drained_none_is(void **state)
{
    (void)state;
    is_ordered(0, BACKHAND_DUTY_DRAIN, 0);
    is_ordered(1, BACKHAND_DUTY_DRAIN, 0);
    is_ordered(2, BACKHAND_DUTY_DRAIN, 0);
    assert_false(backhand_table_any_passed_over(table));
    assert_string_equal(candidates_of_age(), "012");
    /* One that is under maintenance hands on to drained ones, one that is down to all. */
    is_ordered(0, BACKHAND_DUTY_MAINTENANCE, 0);
    assert_string_equal(candidates_of_age(), "12");
    announces(1, 1);
    announces(2, 1);
    assert_string_equal(candidates_of_age(), "0");
}

static void a_chain_that_finds_owners_leaves_drained_ones_to_them(void **state)
{
    static ServerSlot list[SERVERS];
    backhand_candidates candidates = {.list = list};
    backhand_chain chain = {NULL, NULL, 0};
    backhand_function by_age = {.name = "byAge", .call = backhand_by_age, .finds_owners = 1};
    (void)state;
    backhand_chain_append(&chain, &by_age, pool);
    is_ordered(1, BACKHAND_DUTY_DRAIN, 0);
    is_ordered(2, BACKHAND_DUTY_MAINTENANCE, 0);
    backhand_chain_run(&chain, table, NULL, &candidates, NULL, NULL);
    assert_string_equal(digits(list, candidates.n), "01");
    assert_string_equal(digits(list, backhand_share_new(table, list, candidates.n, 1)), "0");
}

static void a_weight_is_a_share_of_the_decisions(void **state)
{
    int with = 0;
    (void)state;
    is_ordered(1, BACKHAND_DUTY_NORMAL, 75);
    backhand_random_seed(5);
    for (int i = 0; i < 10000; i++) {
        const char *has = candidates_of_age();
        with += strcmp(has, "012") == 0;
        assert_true(strcmp(has, "012") == 0 || strcmp(has, "02") == 0);
    }
    assert_in_range(with, 2300, 2700);
    is_ordered(1, BACKHAND_DUTY_NORMAL, 100);
    for (int i = 0; i < 1000; i++) {
        assert_string_equal(candidates_of_age(), "02");
    }
    is_ordered(0, BACKHAND_DUTY_NORMAL, 100);
    assert_string_equal(candidates_of_age(), "2");
    is_ordered(2, BACKHAND_DUTY_NORMAL, 100);
    /* If nobody has a share, all have it. */
    assert_string_equal(candidates_of_age(), "012");
    is_ordered(0, BACKHAND_DUTY_NORMAL, 0);
    is_ordered(1, BACKHAND_DUTY_NORMAL, 0);
    is_ordered(2, BACKHAND_DUTY_NORMAL, 0);
    assert_false(backhand_table_any_restricted(table));
}

static void a_smaller_share_counts_as_a_smaller_server(void **state)
{
    backhand_estimate of;
    double parallel;
    (void)state;
    is_ordered(1, BACKHAND_DUTY_NORMAL, 0);
    backhand_estimate_make(&of, table, a, table->now());
    parallel = of.parallel;
    assert_true(of.places == parallel);
    is_ordered(1, BACKHAND_DUTY_NORMAL, 75);
    assert_int_equal(backhand_share_scale(table, a, 1000), 4000);
    assert_int_equal(backhand_share_scale(table, b, 1000), 1000);
    assert_true(backhand_share_scale(table, a, INT64_MAX) == INT64_MAX);
    assert_true(backhand_share_scale(table, a, INT64_MIN) == INT64_MIN);
    assert_true(backhand_share_scale(table, a, INT64_MIN / 100) < INT64_MIN / 100);
    backhand_estimate_make(&of, table, a, table->now());
    assert_true(of.parallel == parallel);
    assert_true(of.places == parallel / 4);
    of.places = 2;
    of.inflight = 1;
    assert_true(backhand_estimate_queue(&of) == 0);
    of.inflight = 3;
    assert_true(backhand_estimate_queue(&of) == 1);
    of.places = 0.25;
    of.inflight = 0;
    assert_true(backhand_estimate_queue(&of) == 0);
    /* A server from which all is withheld may be the only one. */
    is_ordered(1, BACKHAND_DUTY_NORMAL, 100);
    backhand_estimate_make(&of, table, a, table->now());
    assert_true(of.places > 0);
    /* This server, too. */
    is_ordered(0, BACKHAND_DUTY_NORMAL, 75);
    backhand_estimate_make(&of, table, 0, table->now());
    assert_true(of.places == of.parallel / 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_server_that_is_down_is_no_candidate, begin, teardown),
        cmocka_unit_test_setup_teardown(neither_is_this_one, begin, teardown),
        cmocka_unit_test_setup_teardown(when_all_are_down_nobody_is, begin, teardown),
        cmocka_unit_test_setup_teardown(a_server_that_went_away_is_not_up, begin, teardown),
        cmocka_unit_test_setup_teardown(a_drained_server_gets_nothing_new_and_keeps_sessions, begin, teardown),
        cmocka_unit_test_setup_teardown(a_drained_server_keeps_its_own_clients, begin, teardown),
        cmocka_unit_test_setup_teardown(when_all_are_drained_none_is, begin, teardown),
        cmocka_unit_test_setup_teardown(a_chain_that_finds_owners_leaves_drained_ones_to_them, begin, teardown),
        cmocka_unit_test_setup_teardown(a_weight_is_a_share_of_the_decisions, begin, teardown),
        cmocka_unit_test_setup_teardown(a_smaller_share_counts_as_a_smaller_server, begin, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
