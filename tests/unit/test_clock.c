/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* How the table judges silence, and clocks that are wrong. */
#include "farm.h"
#include "table/skewed.h"
#include "table/wall.h"

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
    /* Servers that have been away for long do not count any more. */
    wait_ms(20000);
    assert_false(backhand_table_deaf(table));
}

/* By steps of either sign, before and after the moderator has noticed. */
static void bears_a_wall_clock_that_is_set(void **state)
{
    static const int64_t steps[] = {3600, -3600, 2, -2, -7200, 86400 * 7, -86400 * 7};
    int id = hear(1, 9, 1), written = hear(2, 9, 1), gone = hear(3, 9, 1);
    (void)state;
    wall_ahead = apr_time_from_sec(86400 * 30);
    for (int n = 1; n <= 3; n++) {
        hear(n, 9, 2);
    }
    backhand_table_follow_wall(table);
    backhand_number_set(&serverstats[gone].mtime, 1);
    for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
        int64_t before = serverstats[id].mtime;
        backhand_number_set(&serverstats[written].mtime, apr_time_sec(fake_wall()) - 30);
        wall_ahead += apr_time_from_sec(steps[i]);
        assert_false(backhand_table_silent(table, id));
        assert_false(backhand_table_older(table, id, 20));
        assert_int_equal(backhand_table_follow_wall(table), apr_time_from_sec(steps[i]));
        assert_int_equal(backhand_table_follow_wall(table), 0);
        assert_false(backhand_table_silent(table, id));
        assert_false(backhand_table_older(table, id, 20));
        assert_int_equal(serverstats[id].mtime, before + steps[i]);
        assert_true(backhand_table_older(table, written, 20));
        assert_false(backhand_table_older(table, written, 40));
        assert_true(backhand_table_older(table, gone, 20));
        assert_int_equal(serverstats[gone].mtime, 1);
    }
    /* Small corrections are none. */
    wall_ahead += apr_time_from_msec(900);
    assert_int_equal(backhand_table_follow_wall(table), 0);
    wait_ms(20001);
    assert_true(backhand_table_silent(table, id));
    assert_true(backhand_table_older(table, id, 20));
    hear(1, 9, 3);
    assert_false(backhand_table_older(table, id, 0));
    assert_int_equal(serverstats[id].mtime, apr_time_sec(fake_wall()));
}

static void what_travels_is_stamped_as_the_others_expect(void **state)
{
    int id = hear(1, 9, 1);
    apr_time_t usual;
    (void)state;
    wall_ahead = apr_time_from_sec(86400 * 30);
    assert_true(backhand_table_wall(table) == fake_wall());
    backhand_table_follow_wall(table);
    usual = fake_wall();
    for (int sign = -1; sign <= 1; sign += 2) {
        wall_ahead += sign * apr_time_from_sec(3600);
        assert_true(backhand_table_wall(table) == usual);
        assert_true(backhand_table_wall_before(table) == usual);
        backhand_table_follow_wall(table);
        assert_true(backhand_table_wall(table) == fake_wall());
        assert_true(backhand_table_wall_before(table) == usual);
        wait_ms(5001);
        assert_true(backhand_table_wall_before(table) == fake_wall());
        usual = fake_wall();
    }
    hear(1, 9, 2);
    assert_false(backhand_table_silent(table, id));
    backhand_table_doubt(table);
    assert_true(backhand_table_silent(table, id));
    assert_true(backhand_table_older(table, id, 3600));
    hear(1, 9, 3);
    assert_false(backhand_table_silent(table, id));
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
    /* An announcement that was heard in time and comes again late is a copy. */
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
        FARM_TEST(bears_a_wall_clock_that_is_set),
        FARM_TEST(what_travels_is_stamped_as_the_others_expect),
        FARM_TEST(remembers_skewed_clocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
