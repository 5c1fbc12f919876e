/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* Which servers the status page shows, and which are in trouble. */

#include "status/filter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static backhand_row row_of(const char *hostname, backhand_row_state state)
{
    backhand_row row;
    memset(&row, 0, sizeof(row));
    row.state = state;
    row.refused = row.rival = -1;
    strcpy(row.announcement.stat.hostname, hostname);
    strcpy(row.announcement.stat.contact, "http://10.0.0.7:80");
    row.announcement.stat.aservers = 3;
    return row;
}

static int passes(const char *name, const char *states, const backhand_row *row)
{
    backhand_filter filter;
    backhand_filter_set(&filter, name, NULL, states);
    return backhand_filter_passes(&filter, row);
}

static void without_a_filter_all_pass(void **state)
{
    backhand_row row = row_of("web7.test", BACKHAND_ROW_DEAD);
    backhand_filter filter = {.by_state = 0};
    (void)state;
    assert_true(backhand_filter_passes(&filter, &row));
    backhand_filter_set(&filter, NULL, NULL, NULL);
    assert_false(backhand_filter_is_set(&filter));
    backhand_filter_set(&filter, "", "", "");
    assert_false(backhand_filter_is_set(&filter));
    assert_true(passes("", "", &row));
}

static void a_part_of_name_or_contact_finds(void **state)
{
    backhand_row row = row_of("Web7.test", BACKHAND_ROW_ALIVE);
    char long_name[3 * BACKHAND_FILTER_NAME];
    (void)state;
    assert_true(passes("web7", NULL, &row));
    assert_true(passes("7.TEST", NULL, &row));
    assert_true(passes("10.0.0.7", NULL, &row));
    assert_false(passes("web8", NULL, &row));
    assert_false(passes("web7.test.", NULL, &row));
    memset(long_name, 'w', sizeof(long_name) - 1);
    long_name[sizeof(long_name) - 1] = '\0';
    assert_false(passes(long_name, NULL, &row));
}

static void a_zone_is_meant_whole(void **state)
{
    backhand_row row = row_of("a", BACKHAND_ROW_ALIVE);
    backhand_filter filter;
    (void)state;
    backhand_filter_set(&filter, NULL, "eu", NULL);
    assert_true(backhand_filter_is_set(&filter));
    assert_false(backhand_filter_passes(&filter, &row));
    strcpy(row.announcement.zone, "eu");
    assert_true(backhand_filter_passes(&filter, &row));
    strcpy(row.announcement.zone, "eu-1");
    assert_false(backhand_filter_passes(&filter, &row));
}

static void states_are_joined_by_commas(void **state)
{
    backhand_row dead = row_of("a", BACKHAND_ROW_DEAD), drained = row_of("b", BACKHAND_ROW_DRAINED);
    (void)state;
    assert_true(passes(NULL, "dead", &dead));
    assert_true(passes(NULL, "drained,dead", &dead));
    assert_true(passes(NULL, ",,dead,", &dead));
    assert_true(passes(NULL, "drained,dead", &drained));
    assert_false(passes(NULL, "dead", &drained));
    assert_false(passes(NULL, "dea", &dead));
    assert_false(passes(NULL, "deadly", &dead));
    assert_false(passes(NULL, "nonsense", &dead));
    assert_false(passes("b", "dead", &dead));
}

static void trouble_is_more_than_a_state(void **state)
{
    backhand_row row = row_of("a", BACKHAND_ROW_ALIVE);
    (void)state;
    assert_int_equal(backhand_row_trouble(&row), 0);
    assert_false(passes(NULL, "trouble", &row));
    row.announcement.stat.aservers = 0;
    assert_int_equal(backhand_row_trouble(&row), BACKHAND_ROW_TROUBLED);
    assert_true(passes(NULL, "trouble", &row));
    row = row_of("a", BACKHAND_ROW_ALIVE);
    row.announcement.stat.stall = 1001;
    assert_int_equal(backhand_row_trouble(&row), BACKHAND_ROW_TROUBLED);
    row = row_of("a", BACKHAND_ROW_ALIVE);
    row.rival = 0;
    assert_int_equal(backhand_row_trouble(&row), BACKHAND_ROW_TROUBLED);
    row = row_of("a", BACKHAND_ROW_ALIVE);
    row.refused = apr_time_from_sec(59);
    assert_int_equal(backhand_row_trouble(&row), BACKHAND_ROW_TROUBLED);
    row.refused = apr_time_from_sec(60);
    assert_int_equal(backhand_row_trouble(&row), 0);
    row = row_of("a", BACKHAND_ROW_LEFT);
    row.announcement.stat.aservers = 0;
    assert_int_equal(backhand_row_trouble(&row), 1);
    row = row_of("a", BACKHAND_ROW_DRAINED);
    assert_int_equal(backhand_row_trouble(&row), 1);
    row = row_of("a", BACKHAND_ROW_DOWN);
    assert_true(backhand_row_trouble(&row) > BACKHAND_ROW_TROUBLED);
    assert_true(passes(NULL, "alive,trouble", &row));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_filter_all_pass),    cmocka_unit_test(a_part_of_name_or_contact_finds),
        cmocka_unit_test(a_zone_is_meant_whole),        cmocka_unit_test(states_are_joined_by_commas),
        cmocka_unit_test(trouble_is_more_than_a_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
