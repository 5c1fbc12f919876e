/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* How tries and decisions ended, how long they took, and when servers changed their state. */

#include "table_fixture.h"

#include "../said.h"
#include "table/outcomes.h"
#include "table/state.h"
#include "walk/reason.h"

#define SECOND APR_USEC_PER_SEC

static int make_table(void **state)
{
    (void)state;
    begin_table(3, 4);
    return 0;
}

static int take(int host, int leaving, int64_t down)
{
    backhand_announcement said = said_by_nth("host", host, 100 + (uint64_t)host, (uint64_t)clock_now);
    said.leaving = leaving;
    said.stat.down = down;
    return backhand_table_update(table, &said, NULL).id;
}

static backhand_outcomes outcomes_of(int id)
{
    backhand_outcomes out;
    backhand_table_outcomes(table, id, &out);
    return out;
}

/* --- histograms --------------------------------------------------------------------------------------------------- */

static void a_time_counts_in_the_first_bucket_that_holds_it(void **state)
{
    backhand_histogram h = {0};
    (void)state;
    backhand_histogram_add(&h, backhand_request_bounds, -5);
    backhand_histogram_add(&h, backhand_request_bounds, 0);
    backhand_histogram_add(&h, backhand_request_bounds, 1000);
    backhand_histogram_add(&h, backhand_request_bounds, 1001);
    backhand_histogram_add(&h, backhand_request_bounds, 10000000);
    backhand_histogram_add(&h, backhand_request_bounds, 10000001);
    assert_int_equal(h.buckets[0], 3);
    assert_int_equal(h.buckets[1], 1);
    assert_int_equal(h.buckets[BACKHAND_BUCKETS - 2], 1);
    assert_int_equal(h.buckets[BACKHAND_BUCKETS - 1], 1);
    assert_int_equal(h.sum, 1000 + 1001 + 10000000 + 10000001);
    assert_int_equal(backhand_histogram_count(&h), 6);
}

static void bounds_grow(void **state)
{
    (void)state;
    for (int i = 1; i < BACKHAND_BUCKET_BOUNDS; i++) {
        assert_true(backhand_request_bounds[i] > backhand_request_bounds[i - 1]);
        assert_true(backhand_decision_bounds[i] > backhand_decision_bounds[i - 1]);
    }
}

static void a_quantile_lies_within_its_bucket(void **state)
{
    backhand_histogram h = {0};
    (void)state;
    assert_true(backhand_histogram_quantile(&h, backhand_request_bounds, 0.5) == -1);
    for (int i = 0; i < 90; i++) {
        backhand_histogram_add(&h, backhand_request_bounds, 2000);
    }
    for (int i = 0; i < 10; i++) {
        backhand_histogram_add(&h, backhand_request_bounds, 60000000);
    }
    assert_true(backhand_histogram_quantile(&h, backhand_request_bounds, 0.45) == 1750);
    assert_true(backhand_histogram_quantile(&h, backhand_request_bounds, 0.9) == 2500);
    assert_true(backhand_histogram_quantile(&h, backhand_request_bounds, 0.99) == 10000000);
}

/* --- outcomes ----------------------------------------------------------------------------------------------------- */

static void tries_count_by_outcome(void **state)
{
    int id = take(1, 0, 0);
    uint64_t generation = backhand_table_slot_generation(table, id);
    backhand_outcomes out;
    (void)state;
    backhand_table_tried(table, id, generation, BACKHAND_OUTCOME_ANSWERED, 0, 3000);
    backhand_table_tried(table, id, generation, BACKHAND_OUTCOME_ANSWERED, 0, 4000);
    backhand_table_tried(table, id, generation, BACKHAND_OUTCOME_REFUSED, 1, -1);
    out = outcomes_of(id);
    assert_int_equal(out.tries[BACKHAND_OUTCOME_ANSWERED], 2);
    assert_int_equal(out.tries[BACKHAND_OUTCOME_REFUSED], 1);
    assert_int_equal(out.tries[BACKHAND_OUTCOME_ERROR], 0);
    assert_int_equal(out.retried, 1);
    assert_int_equal(backhand_histogram_count(&out.took), 2);
    assert_int_equal(out.took.sum, 7000);
}

static void another_server_in_the_slot_starts_anew(void **state)
{
    int id = take(1, 0, 0);
    uint64_t generation = backhand_table_slot_generation(table, id);
    backhand_slot_state was;
    backhand_outcomes out;
    (void)state;
    backhand_table_sent(table, id, generation);
    backhand_table_tried(table, id, generation, BACKHAND_OUTCOME_ANSWERED, 0, 3000);
    backhand_table_tried(table, id, generation, BACKHAND_OUTCOME_DROPPED, 1, -1);
    take(2, 0, 0);
    clock_now += 60 * SECOND;
    take(2, 0, 0);
    assert_int_equal(take(3, 0, 0), id);
    backhand_table_tried(table, id, generation, BACKHAND_OUTCOME_DROPPED, 1, 5);
    out = outcomes_of(id);
    for (int i = 0; i < BACKHAND_OUTCOMES; i++) {
        assert_int_equal(out.tries[i], 0);
    }
    assert_int_equal(out.retried, 0);
    assert_int_equal(out.took.sum, 0);
    assert_int_equal(backhand_histogram_count(&out.took), 0);
    backhand_table_state(table, id, &was);
    assert_int_equal(was.sent, 0);
    generation = backhand_table_slot_generation(table, id);
    backhand_table_sent(table, id, generation);
    backhand_table_state(table, id, &was);
    assert_int_equal(was.sent, 1);
    assert_int_equal(was.waiting, 1);
}

static void a_restart_of_the_server_keeps_the_counts(void **state)
{
    int id = take(1, 0, 0);
    backhand_announcement again = said_by_nth("host", 1, 777, 1);
    (void)state;
    backhand_table_tried(table, id, backhand_table_slot_generation(table, id), BACKHAND_OUTCOME_ERROR, 0, 10);
    assert_int_equal(backhand_table_update(table, &again, NULL).id, id);
    assert_int_equal(outcomes_of(id).tries[BACKHAND_OUTCOME_ERROR], 1);
}

static void outcomes_have_names(void **state)
{
    (void)state;
    for (int i = 0; i < BACKHAND_OUTCOMES; i++) {
        assert_non_null(backhand_outcome_name(i));
        for (int j = 0; j < i; j++) {
            assert_string_not_equal(backhand_outcome_name(i), backhand_outcome_name(j));
        }
    }
}

static void decisions_count_by_reason(void **state)
{
    backhand_histogram times;
    (void)state;
    backhand_table_decided(table, BACKHAND_HERE_FREE, 3);
    backhand_table_decided(table, BACKHAND_HERE_FREE, 4);
    backhand_table_decided(table, BACKHAND_NOT_PROXYPASS, -1);
    assert_int_equal(backhand_table_decisions(table, BACKHAND_HERE_FREE), 2);
    assert_int_equal(backhand_table_decisions(table, BACKHAND_NOT_PROXYPASS), 1);
    assert_int_equal(backhand_table_decisions(table, BACKHAND_HERE_BUSY), 0);
    backhand_table_decision_times(table, &times);
    assert_int_equal(backhand_histogram_count(&times), 2);
    assert_int_equal(times.sum, 7);
    backhand_table_served(table, 5000);
    backhand_table_served_times(table, &times);
    assert_int_equal(times.sum, 5000);
}

/* --- states ------------------------------------------------------------------------------------------------------- */

static void a_state_lasts_since_it_was_noticed(void **state)
{
    int id = take(1, 0, 0);
    apr_time_t joined = clock_now, died;
    (void)state;
    assert_int_equal(backhand_table_row_state(table, id), BACKHAND_ROW_ALIVE);
    assert_true(backhand_table_state_since(table, id) == joined);
    assert_int_equal(backhand_table_state_changes(table, id), 0);
    clock_now += SECOND;
    take(1, 0, 0);
    backhand_table_look_states(table);
    assert_true(backhand_table_state_since(table, id) == joined);

    clock_now += 60 * SECOND;
    died = clock_now;
    backhand_table_look_states(table);
    assert_int_equal(backhand_table_row_state(table, id), BACKHAND_ROW_DEAD);
    assert_true(backhand_table_state_since(table, id) == died);
    assert_int_equal(backhand_table_state_changes(table, id), 1);
    clock_now += SECOND;
    backhand_table_look_states(table);
    assert_true(backhand_table_state_since(table, id) == died);
}

static void announcements_change_the_state_at_once(void **state)
{
    int id = take(1, 0, 0);
    (void)state;
    clock_now += SECOND;
    take(1, 0, 5);
    assert_int_equal(backhand_table_row_state(table, id), BACKHAND_ROW_DOWN);
    assert_true(backhand_table_state_since(table, id) == clock_now);
    clock_now += SECOND;
    take(1, 1, 0);
    assert_int_equal(backhand_table_row_state(table, id), BACKHAND_ROW_LEFT);
    assert_true(backhand_table_state_since(table, id) == clock_now);
    clock_now += SECOND;
    take(1, 0, 0);
    assert_int_equal(backhand_table_row_state(table, id), BACKHAND_ROW_ALIVE);
    assert_int_equal(backhand_table_state_changes(table, id), 3);
}

static void another_server_has_changed_nothing_yet(void **state)
{
    int id = take(1, 0, 0);
    (void)state;
    take(2, 0, 0);
    take(1, 0, 5);
    clock_now += 60 * SECOND;
    take(2, 0, 0);
    backhand_table_look_states(table);
    assert_int_equal(take(3, 0, 0), id);
    assert_int_equal(backhand_table_state_changes(table, id), 0);
    assert_true(backhand_table_state_since(table, id) == clock_now);
}

static void an_empty_entry_has_no_state(void **state)
{
    (void)state;
    backhand_table_look_states(table);
    assert_true(backhand_table_state_since(table, 0) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_time_counts_in_the_first_bucket_that_holds_it),
        cmocka_unit_test(bounds_grow),
        cmocka_unit_test(a_quantile_lies_within_its_bucket),
        cmocka_unit_test_setup_teardown(tries_count_by_outcome, make_table, teardown),
        cmocka_unit_test_setup_teardown(another_server_in_the_slot_starts_anew, make_table, teardown),
        cmocka_unit_test_setup_teardown(a_restart_of_the_server_keeps_the_counts, make_table, teardown),
        cmocka_unit_test(outcomes_have_names),
        cmocka_unit_test_setup_teardown(decisions_count_by_reason, make_table, teardown),
        cmocka_unit_test_setup_teardown(a_state_lasts_since_it_was_noticed, make_table, teardown),
        cmocka_unit_test_setup_teardown(announcements_change_the_state_at_once, make_table, teardown),
        cmocka_unit_test_setup_teardown(another_server_has_changed_nothing_yet, make_table, teardown),
        cmocka_unit_test_setup_teardown(an_empty_entry_has_no_state, make_table, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
