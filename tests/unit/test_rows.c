/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* The rows that the status page reads from the table. */

#include "table_fixture.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../said.h"
#include "status/rows.h"
#include "table/handoff.h"
#include "table/update.h"

#define START  (INT64_C(1700000000) * APR_USEC_PER_SEC + 250000)
#define SECOND APR_USEC_PER_SEC

static int make_table(void **state)
{
    (void)state;
    begin_table(8, 4);
    clock_now = START;
    return 0;
}

static backhand_announcement announcement(int host)
{
    backhand_announcement said = said_by_nth("host", host, 100 + (uint64_t)host, (uint64_t)(clock_now - START) + 1);
    said.stat.aservers = 3;
    said.stat.load = 1250;
    said.stat.inflight = 5;
    said.stat.tmem = INT64_C(8) << 40;
    return said;
}

static int take(const backhand_announcement *said)
{
    return backhand_table_update(table, said, NULL).id;
}

static backhand_row row_of(int id)
{
    backhand_row row;
    assert_int_equal(backhand_row_read(&row, table, id, clock_now), 1);
    assert_int_equal(row.id, id);
    return row;
}

static void unused_entries_have_no_row(void **state)
{
    backhand_row row;
    (void)state;
    for (int id = 0; id < 8; id++) {
        assert_int_equal(backhand_row_read(&row, table, id, clock_now), 0);
    }
}

static void a_row_holds_what_was_announced(void **state)
{
    backhand_announcement said = announcement(7);
    int id = take(&said);
    backhand_row row;
    (void)state;
    clock_now += SECOND / 2;
    row = row_of(id);
    assert_string_equal(row.announcement.stat.hostname, "host7");
    assert_string_equal(row.announcement.stat.contact, "http://10.0.0.7:80");
    assert_int_equal(row.state, BACKHAND_ROW_ALIVE);
    assert_int_equal(row.age, SECOND / 2);
    assert_int_equal(row.refused, -1);
    assert_int_equal(row.rival, -1);
    assert_int_equal(row.announcement.stat.load, 1250);
    assert_int_equal(row.announcement.stat.inflight, 5);
    assert_true(row.announcement.stat.tmem == INT64_C(8) << 40);
}

static void a_row_shows_numbers_as_policies_see_them(void **state)
{
    backhand_announcement said = announcement(7);
    int id = take(&said);
    backhand_row row;
    (void)state;
    backhand_number_set(&table->stats[id].load, 9999);
    backhand_number_set(&table->stats[id].mtime, apr_time_sec(clock_now) - 40);
    row = row_of(id);
    assert_int_equal(row.announcement.stat.load, 9999);
    assert_int_equal(row.age, 40 * SECOND);
}

static void assert_figures_in_range(const serverstat *stat)
{
    for (int i = 0; i < BACKHAND_FIGURES; i++) {
        int64_t number = backhand_figure_get(stat, &backhand_figures[i]);
        if (number < backhand_figures[i].field.min || number > backhand_figures[i].field.max) {
            fail_msg("%s is %" PRId64, backhand_figures[i].field.name, number);
        }
    }
}

/* Policies in C can write any number into the table, also of this server. */
static void no_figure_of_a_row_is_out_of_its_range(void **state)
{
    const int64_t written[] = {INT64_MIN, -1, INT64_MAX, (int64_t)INT32_MAX + 1};
    backhand_announcement said = announcement(7);
    int ids[] = {0, take(&said)};
    backhand_row row;
    (void)state;
    said = announcement(3);
    backhand_table_set_self(table, &said);
    for (size_t i = 0; i < sizeof(written) / sizeof(*written); i++) {
        for (int at = 0; at < 2; at++) {
            for (int k = 0; k < BACKHAND_FIGURES; k++) {
                backhand_number_set(backhand_figure_of(&table->stats[ids[at]], &backhand_figures[k]), written[i]);
            }
            row = row_of(ids[at]);
            assert_figures_in_range(&row.announcement.stat);
        }
    }
}

static void counts_of_a_full_table_can_be_added_up(void **state)
{
    (void)state;
    assert_true(BACKHAND_TOTAL_MAX <= INT64_MAX / (BACKHAND_SERVERS_MAX + 1));
    assert_true(backhand_figures[BACKHAND_FIGURE_numbacked].field.max <= BACKHAND_TOTAL_MAX);
    assert_true(backhand_figures[BACKHAND_FIGURE_served].field.max <= BACKHAND_TOTAL_MAX);
}

static void silence_kills(void **state)
{
    backhand_announcement said = announcement(7);
    int id = take(&said);
    (void)state;
    clock_now += (SERVER_TIMEOUT - 1) * SECOND;
    assert_int_equal(row_of(id).state, BACKHAND_ROW_ALIVE);
    clock_now += 3 * SECOND;
    assert_int_equal(row_of(id).state, BACKHAND_ROW_DEAD);
    assert_string_equal(backhand_row_state_name(row_of(id).state), "dead");
    said = announcement(7);
    assert_int_equal(take(&said), id);
    assert_int_equal(row_of(id).state, BACKHAND_ROW_ALIVE);
}

static void leaving_is_no_death(void **state)
{
    backhand_announcement said = announcement(7);
    int id = take(&said);
    (void)state;
    clock_now += SECOND;
    said = announcement(7);
    said.leaving = 1;
    assert_int_equal(take(&said), id);
    clock_now += 60 * SECOND;
    assert_int_equal(row_of(id).state, BACKHAND_ROW_LEFT);
    assert_int_equal(row_of(id).age, -1);
    assert_string_equal(row_of(id).announcement.stat.hostname, "host7");
}

static void a_rival_is_shown_while_it_is_heard(void **state)
{
    backhand_announcement said = announcement(7);
    int id = take(&said);
    (void)state;
    for (int i = 0; i < 2 * BACKHAND_RIVAL_TURNS + 2; i++) {
        clock_now += SECOND / 10;
        said = announcement(7);
        said.boot = i % 2 ? 107 : 999;
        assert_int_equal(take(&said), id);
    }
    assert_in_range(row_of(id).rival, 0, SECOND / 10);
    clock_now += 10 * SECOND;
    assert_int_equal(row_of(id).rival, -1);
}

static void what_was_sent_is_counted(void **state)
{
    backhand_announcement said = announcement(7);
    int id = take(&said);
    (void)state;
    table->slots[id].sent = 12;
    table->slots[id].returned = 10;
    table->slots[id].refused = clock_now - SECOND;
    assert_int_equal(row_of(id).sent, 12);
    assert_int_equal(row_of(id).waiting, 2);
    assert_int_equal(row_of(id).refused, SECOND);
    /* Read one after the other, the two may be of different moments. */
    table->slots[id].returned = 13;
    assert_int_equal(row_of(id).waiting, 0);
}

static void the_newest_word_is_shown(void **state)
{
    backhand_announcement said = announcement(7);
    backhand_work report = {.inflight = 9, .service = 11800, .parallel = 3700, .latency = 12100, .errors = 250};
    int id;
    (void)state;
    said.stat.service = 100;
    said.stat.parallel = 1000;
    said.stat.served = 77;
    id = take(&said);
    assert_int_equal(row_of(id).announcement.stat.service, 100);
    assert_int_equal(row_of(id).announcement.stat.served, 77);
    assert_int_equal(row_of(id).reported, -1);
    assert_int_equal(row_of(id).hop, -1);
    clock_now += SECOND;
    backhand_table_sent(table, id, backhand_table_slot_generation(table, id));
    backhand_table_begun(table, id, backhand_table_slot_generation(table, id));
    backhand_table_report(table, id, backhand_table_slot_generation(table, id), &report, 300);
    clock_now += SECOND;
    assert_int_equal(row_of(id).announcement.stat.service, 11800);
    assert_int_equal(row_of(id).announcement.stat.parallel, 3700);
    assert_int_equal(row_of(id).announcement.stat.latency, 12100);
    assert_int_equal(row_of(id).announcement.stat.errors, 250);
    assert_int_equal(row_of(id).reported, SECOND);
    assert_in_range(row_of(id).hop, 300, 301);
    /* Policies see what was announced, and so is the one figure shown that they go by most. */
    assert_int_equal(table->stats[id].service, 100);
    assert_int_equal(row_of(id).announcement.stat.inflight, 5);
}

static void any_mtime_that_a_policy_writes_makes_an_age(void **state)
{
    backhand_announcement said = announcement(7);
    int id = take(&said);
    (void)state;
    backhand_number_set(&table->stats[id].mtime, INT64_MAX);
    assert_int_equal(row_of(id).age, 0);
    backhand_number_set(&table->stats[id].mtime, 1);
    assert_int_equal(row_of(id).age, (apr_time_sec(clock_now) - 1) * SECOND);
    backhand_number_set(&table->stats[id].mtime, INT64_MIN);
    assert_int_equal(row_of(id).age, -1);
}

static void a_clock_set_back_makes_no_negative_age(void **state)
{
    backhand_announcement said = announcement(7);
    int id = take(&said);
    (void)state;
    clock_now -= 3600 * SECOND;
    assert_int_equal(row_of(id).age, 0);
}

static void tallies_have_a_key_and_a_label_each(void **state)
{
    backhand_tally tallies[BACKHAND_TALLIES];
    int n = backhand_tallies_read(tallies, table), dropped = 0;
    (void)state;
    assert_in_range(n, BACKHAND_DROP_REASONS, BACKHAND_TALLIES);
    for (int i = 0; i < n; i++) {
        assert_non_null(tallies[i].key);
        assert_non_null(tallies[i].label);
        assert_int_equal(tallies[i].value, 0);
        dropped += tallies[i].dropped;
        for (int k = 0; k < i; k++) {
            assert_string_not_equal(tallies[i].key, tallies[k].key);
        }
    }
    assert_int_equal(dropped, BACKHAND_DROP_REASONS - 1);
    table->counters->dropped[BACKHAND_DROP_FARM] = 4;
    n = backhand_tallies_read(tallies, table);
    for (int i = 0; i < n; i++) {
        assert_int_equal(tallies[i].value, strcmp(tallies[i].key, "farm") == 0 ? 4 : 0);
    }
}

#define WITH_TABLE(test) cmocka_unit_test_setup_teardown(test, make_table, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_TABLE(unused_entries_have_no_row),
        WITH_TABLE(a_row_holds_what_was_announced),
        WITH_TABLE(a_row_shows_numbers_as_policies_see_them),
        WITH_TABLE(no_figure_of_a_row_is_out_of_its_range),
        WITH_TABLE(counts_of_a_full_table_can_be_added_up),
        WITH_TABLE(silence_kills),
        WITH_TABLE(leaving_is_no_death),
        WITH_TABLE(a_rival_is_shown_while_it_is_heard),
        WITH_TABLE(what_was_sent_is_counted),
        WITH_TABLE(the_newest_word_is_shown),
        WITH_TABLE(any_mtime_that_a_policy_writes_makes_an_age),
        WITH_TABLE(a_clock_set_back_makes_no_negative_age),
        WITH_TABLE(tallies_have_a_key_and_a_label_each),
    };
    int failed;
    apr_initialize();
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    apr_terminate();
    return failed;
}
