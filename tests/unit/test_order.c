/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* The order of the servers on the status page. */

#include "table_fixture.h"

#include <apr_strings.h>

#include "../said.h"
#include "status/order.h"

static int make_table(void **state)
{
    (void)state;
    begin_table(16, 4);
    return 0;
}

static int sign(int order)
{
    return order < 0 ? -1 : order > 0;
}

static void numbers_in_names_count_as_numbers(void **state)
{
    static const char *const in_order[] = {"",
                                           "10",
                                           "a",
                                           "www",
                                           "www1",
                                           "www2",
                                           "www2.b",
                                           "www02.c",
                                           "www10",
                                           "www18446744073709551616",
                                           "www2000000000000000000000",
                                           "wwwa",
                                           "x-1-9",
                                           "x-1-10",
                                           "x-2"};
    (void)state;
    for (size_t i = 0; i < sizeof(in_order) / sizeof(*in_order); i++) {
        for (size_t j = 0; j < sizeof(in_order) / sizeof(*in_order); j++) {
            int order = sign(backhand_name_compare(in_order[i], in_order[j]));
            if (order != (i > j) - (i < j)) {
                fail_msg("%s and %s: %d", in_order[i], in_order[j], order);
            }
        }
    }
}

static void zeros_make_no_equal_names(void **state)
{
    (void)state;
    assert_int_not_equal(backhand_name_compare("a1", "a01"), 0);
    assert_int_equal(sign(backhand_name_compare("a1", "a01")), -sign(backhand_name_compare("a01", "a1")));
}

static void say(const char *name, int host, int64_t load)
{
    backhand_announcement said = said_by_nth(name, host, 100 + (uint64_t)host, 1);
    said.stat.load = load;
    backhand_table_update(table, &said, NULL);
}

/* The names in the page's order, as one text. */
static const char *order(int direction)
{
    const char *text = "";
    backhand_place *places;
    int gone, n = backhand_places_read(&places, &gone, table, pool);
    for (int i = 0; i < n; i++) {
        places[i].value = places[i].row->announcement.stat.load;
    }
    backhand_places_sort(places, n, direction);
    for (int i = 0; i < n; i++) {
        text = apr_pstrcat(pool, text, i ? " " : "", places[i].row->announcement.stat.hostname, NULL);
    }
    return text;
}

static void the_number_of_the_entry_plays_no_part(void **state)
{
    (void)state;
    say("c", 10, 0);
    say("c", 9, 0);
    say("a", 1, 0);
    assert_string_equal(order(0), "a1 c9 c10");
}

static void values_sort_both_ways(void **state)
{
    (void)state;
    say("a", 1, 300);
    say("b", 2, 100);
    say("c", 3, 300);
    assert_string_equal(order(1), "b2 a1 c3");
    assert_string_equal(order(-1), "a1 c3 b2");
    assert_string_equal(order(0), "a1 b2 c3");
}

/* The moderator notices what has become of the server. */
static int places_after(apr_interval_time_t span, int *gone)
{
    backhand_place *places;
    backhand_table_look_states(table);
    clock_now += span;
    return backhand_places_read(&places, gone, table, pool);
}

static void servers_that_left_are_gone_after_a_while(void **state)
{
    backhand_announcement said = said_by_nth("a", 1, 101, 1);
    int gone;
    (void)state;
    backhand_table_update(table, &said, NULL);
    said.sequence = 2;
    said.leaving = 1;
    backhand_table_update(table, &said, NULL);
    assert_int_equal(places_after(BACKHAND_GONE_LEFT, &gone), 1);
    assert_int_equal(gone, 0);
    assert_int_equal(places_after(1, &gone), 0);
    assert_int_equal(gone, 1);
}

static void dead_servers_are_gone_after_a_day(void **state)
{
    int gone;
    (void)state;
    say("a", 1, 0);
    clock_now += apr_time_from_sec(60);
    assert_int_equal(places_after(BACKHAND_GONE_DEAD, &gone), 1);
    assert_int_equal(gone, 0);
    assert_int_equal(places_after(1, &gone), 0);
    assert_int_equal(gone, 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_table, teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_in_names_count_as_numbers), cmocka_unit_test(zeros_make_no_equal_names),
        TEST(the_number_of_the_entry_plays_no_part),         TEST(values_sort_both_ways),
        TEST(servers_that_left_are_gone_after_a_while),      TEST(dead_servers_are_gone_after_a_day),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
