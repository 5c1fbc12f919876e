/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* byLoad, byBusyChildren, byCPU: ascending, stable, and permutations whatever others write meanwhile. */

#include "candidates.h"

#include <pthread.h>

static int64_t figure(const char *name, int id, int64_t bias)
{
    const serverstat *stat = &table->stats[id];
    int64_t key;
    if (!strcmp(name, "byLoad")) {
        key = stat->load;
    }
    else if (!strcmp(name, "byCPU")) {
        key = -stat->cpu;
    }
    else {
        key = stat->nservers - stat->aservers;
    }
    return id == 0 ? key - bias : key;
}

static void assert_ordered(const char *name, const char *arg, int64_t bias, int count)
{
    fill(count);
    call("byRandom", NULL);
    call("byRandom", NULL);
    for (int i = 0; i < SERVERS; i++) {
        table->stats[i].load = backhand_random_below(50) * 100;
        table->stats[i].cpu = backhand_random_below(50);
        table->stats[i].nservers = 20 + backhand_random_below(20);
        table->stats[i].aservers = backhand_random_below(20);
    }
    static ServerSlot before[SERVERS];
    static int place[SERVERS];
    memcpy(before, list, sizeof(before));
    for (int i = 0; i < n; i++) {
        place[list[i].id] = i;
    }
    call(name, arg);
    assert_permutation(count);
    for (int i = 1; i < n; i++) {
        int64_t a = figure(name, list[i - 1].id, bias), b = figure(name, list[i].id, bias);
        assert_true(a < b || (a == b && place[list[i - 1].id] < place[list[i].id]));
    }
}

static void orders_are_stable_and_ascending(void **state)
{
    static const int sizes[] = {0, 1, 2, 3, 7, 8, 100, 1000, SERVERS};
    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        for (int round = 0; round < 20; round++) {
            assert_ordered("byLoad", NULL, 0, sizes[i]);
            assert_ordered("byLoad", "1", 1000, sizes[i]);
            assert_ordered("byLoad", "0.25", 250, sizes[i]);
            assert_ordered("byLoad", ".1259", 125, sizes[i]);
            assert_ordered("byCPU", NULL, 0, sizes[i]);
            assert_ordered("byBusyChildren", NULL, 0, sizes[i]);
            assert_ordered("byBusyChildren", "7", 7, sizes[i]);
        }
    }
}

static void extreme_figures_are_ordered(void **state)
{
    (void)state;
    fill(3);
    table->stats[0].load = INT64_MIN;
    table->stats[1].load = INT64_MAX;
    table->stats[2].load = 0;
    call("byLoad", "2147483647");
    assert_int_equal(list[0].id, 0);
    assert_int_equal(list[1].id, 2);
    fill(2);
    table->stats[0].nservers = INT64_MAX;
    table->stats[0].aservers = INT64_MIN;
    table->stats[1].nservers = INT64_MIN;
    table->stats[1].aservers = INT64_MAX;
    call("byBusyChildren", "1");
    assert_int_equal(list[0].id, 1);
    fill(2);
    table->stats[0].cpu = INT64_MIN;
    table->stats[1].cpu = INT64_MAX;
    call("byCPU", NULL);
    assert_int_equal(list[0].id, 1);
}

static int stop_writing;

static void *write_garbage(void *unused)
{
    uint32_t word = 1;
    (void)unused;
    while (!__atomic_load_n(&stop_writing, __ATOMIC_RELAXED)) {
        for (int i = 0; i < SERVERS; i++) {
            word = word * 1664525 + 1013904223;
            backhand_number_set(&table->stats[i].load, word >> 8);
            backhand_number_set(&table->stats[i].cpu, word >> 12);
            backhand_number_set(&table->stats[i].nservers, word >> 4);
        }
    }
    return NULL;
}

static void orders_stand_concurrent_writes(void **state)
{
    static const char *const names[] = {"byLoad", "byCPU", "byBusyChildren"};
    pthread_t thread;
    (void)state;
    stop_writing = 0;
    assert_int_equal(pthread_create(&thread, NULL, write_garbage, NULL), 0);
    for (int round = 0; round < 600; round++) {
        int count = round % 10 ? (int)backhand_random_below(200) : SERVERS;
        fill(count);
        call(names[round % 3], NULL);
        assert_permutation(count);
    }
    __atomic_store_n(&stop_writing, 1, __ATOMIC_RELAXED);
    pthread_join(thread, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(orders_are_stable_and_ascending),
        cmocka_unit_test(extreme_figures_are_ordered),
        cmocka_unit_test(orders_stand_concurrent_writes),
    };
    return cmocka_run_group_tests_name("orders", tests, setup, teardown);
}
