/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* What the table makes of silence, and of clocks that are wrong. */
#include "farm.h"
#include "table/skewed.h"

static void knows_when_it_hears_nobody(void **state)
{
    backhand_announcement leaving = server(3, 9, 2);
    int id;
    (void)state;
    assert_false(backhand_table_deaf(table));
    hear(1, 9, 1);
    wait_ms(3 * INTERVAL + 1);
    assert_true(backhand_table_silent(table, 1));
    /* The one that is silent may well have failed. */
    assert_false(backhand_table_deaf(table));
    hear(2, 9, 1);
    assert_false(backhand_table_deaf(table));
    wait_ms(3 * INTERVAL + 1);
    assert_true(backhand_table_deaf(table));
    hear(3, 9, 1);
    assert_false(backhand_table_deaf(table));
    leaving.leaving = 1;
    assert_int_equal(take(&leaving, &id), BACKHAND_DROP_NONE);
    assert_true(backhand_table_deaf(table));
    /* Those that have been away for long tell nothing any more. */
    wait_ms(20000);
    assert_false(backhand_table_deaf(table));
}

static void survives_a_clock_set_back(void **state)
{
    int id = hear(1, 9, 1);
    (void)state;
    wait_ms(-900);
    assert_false(backhand_table_silent(table, id));
    assert_false(backhand_table_older(table, id, 20));
    wait_ms(-60000);
    assert_true(backhand_table_silent(table, id));
    assert_true(backhand_table_older(table, id, 20));
    hear(1, 9, 2);
    assert_false(backhand_table_silent(table, id));
    assert_false(backhand_table_older(table, id, 0));
}

static void remembers_skewed_clocks(void **state)
{
    backhand_announcement one = server(1, 9, 1);
    backhand_skewed skewed;
    int n = 0;
    (void)state;
    assert_false(backhand_skewed_self(table));
    assert_false(backhand_skewed_read(&skewed, table, 0));
    backhand_skewed_note(table, &one, -60000);
    assert_true(backhand_skewed_read(&skewed, table, 0));
    assert_int_equal(skewed.ahead, -60000);
    assert_string_equal(skewed.hostname, "server1");
    assert_string_equal(skewed.contact, one.stat.contact);
    assert_true(backhand_skewed_self(table));
    hear(2, 9, 1);
    assert_false(backhand_skewed_self(table));
    /* What is heard well and comes again late is a copy. */
    backhand_skewed_forget(table, one.stat.contact);
    assert_false(backhand_skewed_read(&skewed, table, 0));
    hear(1, 9, 1);
    backhand_skewed_note(table, &one, -60000);
    assert_false(backhand_skewed_read(&skewed, table, 0));
    for (int i = 10; i < 10 + 2 * BACKHAND_SKEWED; i++) {
        backhand_announcement other = server(i, 9, 1);
        wait_ms(1);
        backhand_skewed_note(table, &other, 60000);
        backhand_skewed_note(table, &other, i);
    }
    for (int i = 0; i < BACKHAND_SKEWED; i++) {
        assert_true(backhand_skewed_read(&skewed, table, i));
        assert_in_range(skewed.ahead, 10 + BACKHAND_SKEWED, 10 + 2 * BACKHAND_SKEWED - 1);
        n += (int)skewed.ahead;
    }
    assert_int_equal(n, 14 + 15 + 16 + 17);
    wait_ms(20001);
    assert_false(backhand_skewed_read(&skewed, table, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FARM_TEST(knows_when_it_hears_nobody),
        FARM_TEST(survives_a_clock_set_back),
        FARM_TEST(remembers_skewed_clocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
