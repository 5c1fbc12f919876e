/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* byPrequal against a plain model of its rule. */

#include "live.h"

#include <stdlib.h>

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* More in flight than the 0.841 quantile of all. */
static int is_hot(const figures *all, int count, int i)
{
    int64_t sorted[32] = {0};
    for (int k = 0; k < count; k++) {
        sorted[k] = all[k].inflight;
    }
    qsort(sorted, (size_t)count, sizeof(*sorted), compare);
    return all[i].inflight > sorted[(count - 1) * 841 / 1000];
}

/* 12 at once, known so well that each difference is sure. */
static figures taking(int64_t typical, int64_t inflight)
{
    return (figures){.inflight = inflight,
                     .service = typical * 2,
                     .parallel = 12000,
                     .typical = typical,
                     .samples = 1024,
                     .spread = 10,
                     .calm = 1};
}

/* Servers 1 to count, with figures all[0] to all[count - 1]. */
static void announce_all(const figures *all, int count)
{
    for (int i = 0; i < count; i++) {
        announce(i + 1, all[i]);
    }
}

static void assert_model(const figures *all, int count)
{
    for (int i = 1; i < count; i++) {
        int a = list[i - 1].id - 1, b = list[i].id - 1;
        int hot_a = is_hot(all, count, a), hot_b = is_hot(all, count, b);
        assert_true(hot_a <= hot_b);
        if (hot_a && hot_b) {
            assert_true(all[a].inflight <= all[b].inflight);
        }
        /* 10 % of a difference count for nothing. */
        if (!hot_a && !hot_b) {
            assert_true((double)all[a].typical <= 1.25 * (double)all[b].typical);
        }
    }
}

static void the_order_is_that_of_the_model(void **state)
{
    figures all[16];
    (void)state;
    announce(0, (figures){0});
    for (int round = 0; round < 2000; round++) {
        int count = 1 + (int)backhand_random_below(16);
        for (int i = 0; i < 16; i++) {
            all[i] = taking(1000 + backhand_random_below(100000), 1 + backhand_random_below(10));
        }
        announce_all(all, 16);
        list_of(1, 1 + count);
        call("byPrequal", NULL);
        assert_int_equal(n, count);
        assert_model(all, count);
    }
}

static void of_many_sixteen_are_looked_at(void **state)
{
    (void)state;
    for (int id = 0; id < 100; id++) {
        announce(id, (figures){0});
    }
    list_of(0, SERVERS);
    call("byPrequal", NULL);
    assert_int_equal(n, 17);
    list_of(1, SERVERS);
    call("byPrequal", NULL);
    assert_int_equal(n, 16);
}

static void chance_decides_between_equal_ones(void **state)
{
    int first[5] = {0};
    (void)state;
    announce(0, (figures){0});
    for (int id = 1; id < 5; id++) {
        figures f = taking(45000, 3);
        f.spread = 1200;
        f.samples = 100;
        f.typical += 2000 * id;
        announce(id, f);
    }
    for (int i = 0; i < 1000; i++) {
        list_of(1, 5);
        call("byPrequal", NULL);
        first[list[0].id]++;
    }
    for (int id = 1; id < 5; id++) {
        assert_in_range(first[id], 180, 320);
    }
}

static void errors_attract_nobody(void **state)
{
    figures all[4] = {taking(9000, 5), taking(12000, 5), taking(12000, 5), taking(10, 1)};
    (void)state;
    all[3].errors = 1000;
    announce(0, (figures){0});
    announce_all(all, 4);
    list_of(1, 5);
    call("byPrequal", NULL);
    assert_int_equal(list[0].id, 1);
    assert_int_equal(list[3].id, 4);
    /* Not even when all others are hot. */
    list_of(3, 5);
    call("byPrequal", NULL);
    assert_int_equal(list[0].id, 3);
}

static void what_was_sent_makes_a_server_hot(void **state)
{
    figures all[4] = {taking(9000, 2), taking(12000, 2), taking(16000, 2), taking(20000, 2)};
    (void)state;
    announce(0, (figures){0});
    announce_all(all, 4);
    list_of(1, 5);
    call("byPrequal", NULL);
    assert_int_equal(list[0].id, 1);
    backhand_table_sent(table, 1, backhand_table_slot_generation(table, 1));
    list_of(1, 5);
    call("byPrequal", NULL);
    assert_int_equal(list[0].id, 2);
    assert_int_equal(list[3].id, 1);
}

static void a_slow_server_tries_itself_out(void **state)
{
    int kept = 0;
    (void)state;
    announce(0, taking(450000, 0));
    table->meter->room = 12000;
    for (int id = 1; id < 5; id++) {
        announce(id, taking(45000, 0));
    }
    for (int i = 0; i < 1000; i++) {
        list_of(0, 5);
        call("byPrequal", NULL);
        assert_int_equal(n, 5);
        if (list[0].id == 0) {
            kept++;
            backhand_trials_end(&table->meter->trials, &(backhand_trial_result){.log = 13, .slow = 13, .spread = 1});
        }
        clock_now += apr_time_from_msec(10);
    }
    assert_in_range(kept, 2, 20);
}

#define WITH_TABLE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_TABLE(the_order_is_that_of_the_model),    WITH_TABLE(of_many_sixteen_are_looked_at),
        WITH_TABLE(chance_decides_between_equal_ones), WITH_TABLE(errors_attract_nobody),
        WITH_TABLE(what_was_sent_makes_a_server_hot),  WITH_TABLE(a_slow_server_tries_itself_out),
    };
    return cmocka_run_group_tests_name("prequal", tests, NULL, NULL);
}
