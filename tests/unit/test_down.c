/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* Servers whose application fails its checks: who passes them over, and when nobody does. */

#include "farm.h"

#include "candidacy/builtins.h"
#include "candidacy/chain.h"
#include "candidacy/pick.h"
#include "table/down.h"

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

/* What a chain of this function, by_age, that keeps the order, begins with. */
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
    assert_true(backhand_table_down(table, a));
    assert_false(backhand_table_down(table, b));
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
    assert_true(backhand_table_down(table, 0));
    assert_string_equal(candidates_of_age(), "12");
}

static void when_all_are_down_nobody_is(void **state)
{
    (void)state;
    announces(0, 1);
    announces(1, 1);
    announces(2, 1);
    assert_false(backhand_table_any_down(table));
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
    assert_false(backhand_table_any_down(table));
    sequence = 200;
    announces(2, 0);
    assert_true(backhand_table_any_down(table));
    wait_ms(30000);
    backhand_table_look_down(table);
    assert_false(backhand_table_any_down(table));
    sequence = 300;
    announces(2, 0);
    backhand_table_look_down(table);
    assert_true(backhand_table_any_down(table));
    backhand_table_forget(table, b);
    announces(1, 1);
    backhand_table_look_down(table);
    assert_false(backhand_table_any_down(table));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_server_that_is_down_is_no_candidate, begin, teardown),
        cmocka_unit_test_setup_teardown(neither_is_this_one, begin, teardown),
        cmocka_unit_test_setup_teardown(when_all_are_down_nobody_is, begin, teardown),
        cmocka_unit_test_setup_teardown(a_server_that_went_away_is_not_up, begin, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
