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

/* Servers 1 to count, with figures all[0] to all[count - 1], grown up. */
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
        if (!hot_a && !hot_b) {
            assert_true(all[a].latency <= all[b].latency);
        }
    }
}

static void the_order_is_that_of_the_model(void **state)
{
    figures all[16];
    (void)state;
    announce(0, (figures){0});
    announce_all(memset(all, 0, sizeof(all)), 16);
    grow_up();
    for (int round = 0; round < 2000; round++) {
        int count = 1 + (int)backhand_random_below(16);
        for (int i = 0; i < 16; i++) {
            all[i] = (figures){.inflight = 1 + backhand_random_below(12),
                               .service = 1000,
                               .latency = 1 + backhand_random_below(100000),
                               .served = 100000};
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

static void errors_attract_nobody(void **state)
{
    figures all[4] = {{.inflight = 5, .service = 9000, .latency = 9000, .served = 100000},
                      {.inflight = 5, .service = 9500, .latency = 9500, .served = 100000},
                      {.inflight = 5, .service = 9000, .latency = 9900, .served = 100000},
                      {.inflight = 1, .service = 10, .latency = 20, .errors = 1000, .served = 100000}};
    (void)state;
    announce(0, (figures){0});
    announce_all(all, 4);
    grow_up();
    announce_all(all, 4);
    list_of(1, 5);
    call("byPrequal", NULL);
    assert_int_equal(list[0].id, 1);
    assert_int_equal(list[3].id, 4);
}

static void what_was_sent_makes_a_server_hot(void **state)
{
    figures all[4] = {{.inflight = 2, .service = 9000, .latency = 9000, .served = 100000},
                      {.inflight = 2, .service = 9000, .latency = 9500, .served = 100000},
                      {.inflight = 2, .service = 9000, .latency = 9900, .served = 100000},
                      {.inflight = 2, .service = 9000, .latency = 9990, .served = 100000}};
    (void)state;
    announce(0, (figures){0});
    announce_all(all, 4);
    grow_up();
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

#define WITH_TABLE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_TABLE(the_order_is_that_of_the_model),
        WITH_TABLE(of_many_sixteen_are_looked_at),
        WITH_TABLE(errors_attract_nobody),
        WITH_TABLE(what_was_sent_makes_a_server_hot),
    };
    return cmocka_run_group_tests_name("prequal", tests, NULL, NULL);
}
