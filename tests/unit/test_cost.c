/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* byCost, byWeight and addPrediction: figures worked out by hand, and frequencies over many picks. */

#include "../said.h"
#include "candidates.h"

#include <math.h>

#define MEMORY (INT64_C(8) << 30)

/* Servers 0 to count - 1, all alike: live, speed 1000, idle, half of the memory used, 4 CPUs, 6 of 8 workers ready. */
static void make_servers(int count)
{
    static uint64_t sequence;
    for (int id = 0; id < count; id++) {
        backhand_announcement said = said_by_nth("s", id, 7 + (uint64_t)id, ++sequence);
        said.stat = (serverstat){.arriba = 1000,
                                 .aservers = 6,
                                 .nservers = 8,
                                 .load_hwm = 4000,
                                 .cpu = 1000,
                                 .ncpu = 4,
                                 .tmem = MEMORY,
                                 .amem = MEMORY / 2};
        backhand_contact_format(said.stat.contact, &said.contact);
        if (id == 0) {
            backhand_table_set_self(table, &said);
        }
        else {
            assert_int_equal(backhand_table_update(table, &said, NULL).id, id);
        }
    }
}

static void list_of(int count)
{
    n = count;
    for (int i = 0; i < n; i++) {
        list[i] = (ServerSlot){i, BACKHAND_HANDOFF};
    }
}

static void assert_order(const char *name, const char *expected)
{
    char order[100] = "";
    call(name, NULL);
    for (int i = 0; i < n; i++) {
        apr_snprintf(order + strlen(order), sizeof(order) - strlen(order), "%s%d", i ? " " : "", list[i].id);
    }
    assert_string_equal(order, expected);
}

/* --- byCost ------------------------------------------------------------------------------------------------------ */

/* n = 4, L = 4. Server 0: 4^0.5 + 4^0 = 3. 1: 4^0.25 + 4^0.5 = 3.41. 2: 4^0.75 + 4^0 = 3.83. 3: 4^0 + 4^0.75 = 3.83,
 * and with less memory left 4^0 is more: 4^0.01 = 1.01. */
static void cost_adds_memory_and_load(void **state)
{
    (void)state;
    make_servers(4);
    table->stats[1].amem = MEMORY / 4 * 3;
    table->stats[1].load = 2000;
    table->stats[2].amem = MEMORY / 4;
    table->stats[3].amem = MEMORY;
    table->stats[3].load = 3000;
    list_of(4);
    assert_order("byCost", "0 1 2 3");
    table->stats[3].amem = MEMORY / 100 * 99;
    list_of(4);
    assert_order("byCost", "0 1 2 3");
    table->stats[2].load = 100;
    list_of(4);
    assert_order("byCost", "0 1 3 2");
}

/* The same load weighs twice on a server of half the speed: 1 has 4^0.5 + 4^(2 x 0.25) = 4, 2 has 4^0.5 + 4^0.4 = 3.74.
 */
static void cost_normalises_load(void **state)
{
    (void)state;
    make_servers(4);
    table->stats[0].load = 3000;
    table->stats[1].load = 1000;
    table->stats[1].arriba = 500;
    table->stats[2].load = 1600;
    table->stats[3].load = 2100;
    list_of(4);
    assert_order("byCost", "2 1 3 0");
    /* Not measured: as the fastest. */
    table->stats[1].arriba = 0;
    list_of(4);
    assert_order("byCost", "1 2 3 0");
}

/* More servers make the last free part of anything dearer: memory 0.9 against load 0.6 and 0.6. With 2 servers
 * 2^0.9 + 1 = 2.87 < 2 x 2^0.6 = 3.03; with 200 of them 200^0.9 + 1 = 118.7 > 2 x 200^0.6 = 48.0. */
static void cost_depends_on_the_number_of_live_servers(void **state)
{
    (void)state;
    for (int count = 2; count <= 200; count += 198) {
        make_servers(count);
        table->stats[0].amem = MEMORY / 10;
        table->stats[1].amem = MEMORY / 10 * 4;
        table->stats[1].load = 2400;
        list_of(2);
        assert_order("byCost", count == 2 ? "0 1" : "1 0");
    }
    /* The silent ones do not count. */
    for (int id = 2; id < 200; id++) {
        table->stats[id].mtime = 1;
    }
    list_of(2);
    assert_order("byCost", "0 1");
}

static void cost_stands_senseless_figures(void **state)
{
    (void)state;
    make_servers(5);
    table->stats[1].tmem = 0;
    table->stats[1].amem = 0;
    table->stats[2].amem = INT64_MAX;
    table->stats[3].amem = -1;
    table->stats[3].load = -5;
    table->stats[4].load = INT64_MAX;
    list_of(5);
    /* 2 has all of its memory free, 1 says nothing of it and counts as full, as 3 does. */
    assert_order("byCost", "2 0 1 3 4");
    for (int id = 0; id < 5; id++) {
        table->stats[id].load_hwm = 0;
    }
    /* L = 1 then: 0 has 5^0.5 + 5^0.9 = 6.49, more than the 5^1 + 5^0 = 6 of 1 and 3. */
    table->stats[0].load = 900;
    list_of(5);
    assert_order("byCost", "2 1 3 0 4");
    for (int id = 0; id < 5; id++) {
        table->stats[id].mtime = 0;
    }
    list_of(5);
    assert_order("byCost", "0 1 2 3 4");
    list_of(0);
    assert_order("byCost", "");
    fill(SERVERS);
    call("byCost", NULL);
    assert_permutation(SERVERS);
}

/* --- byWeight ---------------------------------------------------------------------------------------------------- */

static void assert_share(int count, int of, double expected)
{
    double p = (double)count / of, spread = sqrt(expected * (1 - expected) / of);
    assert_true(fabs(p - expected) < 5 * spread);
}

/* Weights 6000, 3000, 1000 and none twice: the first place in these shares; of the second, server 1 after 0 in 3000 of
 * 4000 cases, and so on: P(0, 1) = 0.6 x 0.75. */
static void weights_are_shares(void **state)
{
    enum { ROUNDS = 60000 };
    int first[5] = {0}, zero_one = 0, three_four = 0;
    (void)state;
    make_servers(5);
    table->stats[1].aservers = 3;
    table->stats[2].arriba = 500;
    table->stats[2].aservers = 2;
    table->stats[3].aservers = 0;
    table->stats[4].aservers = -7;
    for (int round = 0; round < ROUNDS; round++) {
        list_of(5);
        call("byWeight", NULL);
        first[list[0].id]++;
        zero_one += list[0].id == 0 && list[1].id == 1;
        three_four += list[3].id == 3 && list[4].id == 4;
        assert_int_equal(list[3].id + list[4].id, 7);
    }
    assert_share(first[0], ROUNDS, 0.6);
    assert_share(first[1], ROUNDS, 0.3);
    assert_share(first[2], ROUNDS, 0.1);
    assert_share(zero_one, ROUNDS, 0.45);
    assert_share(three_four, ROUNDS, 0.5);
}

/* Not measured yet: as slow as the slowest one that is. */
static void weight_of_an_unknown_speed(void **state)
{
    enum { ROUNDS = 40000 };
    int first[3] = {0};
    (void)state;
    make_servers(3);
    table->stats[0].arriba = 0;
    table->stats[2].arriba = 2000;
    for (int round = 0; round < ROUNDS; round++) {
        list_of(3);
        call("byWeight", NULL);
        first[list[0].id]++;
    }
    assert_share(first[0], ROUNDS, 0.25);
    assert_share(first[1], ROUNDS, 0.25);
    assert_share(first[2], ROUNDS, 0.5);
    table->stats[1].arriba = table->stats[2].arriba = 0;
    memset(first, 0, sizeof(first));
    for (int round = 0; round < ROUNDS; round++) {
        list_of(3);
        call("byWeight", NULL);
        first[list[0].id]++;
    }
    assert_share(first[2], ROUNDS, 1.0 / 3);
}

static void weights_keep_every_candidate(void **state)
{
    (void)state;
    for (int id = 0; id < SERVERS; id++) {
        table->stats[id].arriba = id % 5 ? INT64_MAX : INT64_MIN;
        table->stats[id].aservers = id % 3 ? INT64_MAX : 0;
    }
    fill(SERVERS);
    call("byWeight", NULL);
    assert_permutation(SERVERS);
    fill(0);
    call("byWeight", NULL);
    assert_int_equal(n, 0);
}

/* --- addPrediction ----------------------------------------------------------------------------------------------- */

static backhand_candidates out = {.list = list};

/* The first candidate that a chain of these functions leaves, of servers 0 to 3. */
static int first_of(const char *names)
{
    char copy[100], *word, *rest = copy;
    backhand_chain chain = {NULL, NULL, 0};
    apr_cpystrn(copy, names, sizeof(copy));
    while ((word = strtok_r(rest, " ", &rest))) {
        backhand_function f = {.name = word, .call = backhand_builtin_find(word)->call};
        backhand_chain_append(&chain, &f, pool);
    }
    backhand_chain_run(&chain, table, NULL, &out, NULL, NULL);
    return out.n ? out.list[0].id : -1;
}

static void hand_off(int id, int count)
{
    table->slots[id].sent += count;
    table->slots[id].returned += count;
}

static void predictions_count_what_was_sent(void **state)
{
    static const char *const orders[] = {"byLoad", "byBusyChildren", "byCPU", "byCost"};
    (void)state;
    for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
        char plain[60], predicted[60], late[60];
        teardown(NULL);
        setup(NULL);
        make_servers(4);
        apr_snprintf(plain, sizeof(plain), "byAge removeSelf %s", orders[i]);
        apr_snprintf(predicted, sizeof(predicted), "byAge removeSelf addPrediction %s", orders[i]);
        apr_snprintf(late, sizeof(late), "byAge removeSelf %s addPrediction", orders[i]);
        assert_int_equal(first_of(predicted), 1);
        hand_off(1, 1);
        assert_int_equal(first_of(predicted), 2);
        hand_off(2, 2);
        assert_int_equal(first_of(predicted), 3);
        hand_off(3, 1);
        assert_int_equal(first_of(predicted), 1);
        /* In this run only, and only from where it stands on. */
        hand_off(1, 5);
        assert_int_equal(first_of(plain), 1);
        assert_int_equal(first_of(late), 1);
    }
}

static void predictions_end_with_an_announcement(void **state)
{
    (void)state;
    make_servers(3);
    hand_off(1, 5);
    assert_int_equal(backhand_table_sent_since(table, 1), 5);
    assert_int_equal(first_of("byAge removeSelf addPrediction byLoad"), 2);
    backhand_announcement said;
    assert_true(backhand_table_read(table, 1, &said, NULL));
    said.sequence++;
    assert_int_equal(backhand_table_update(table, &said, NULL).id, 1);
    assert_int_equal(backhand_table_sent_since(table, 1), 0);
    assert_int_equal(first_of("byAge removeSelf addPrediction byLoad"), 1);
    assert_int_equal(backhand_table_sent_since(table, SERVERS), 0);
}

/* 6 and 3 ready workers; once 6 were sent there, the other one alone has capacity. */
static void predictions_take_weight_away(void **state)
{
    (void)state;
    make_servers(3);
    table->stats[2].aservers = 3;
    hand_off(1, 6);
    for (int round = 0; round < 1000; round++) {
        assert_int_equal(first_of("byAge removeSelf addPrediction byWeight"), 2);
    }
    hand_off(1, 1000);
    assert_int_equal(first_of("byAge removeSelf addPrediction byWeight"), 2);
}

static void predictions_stand_senseless_figures(void **state)
{
    (void)state;
    make_servers(3);
    hand_off(1, 1);
    table->slots[1].sent = INT64_MAX;
    table->stats[1].load = INT64_MAX;
    table->stats[1].aservers = INT64_MIN;
    table->stats[1].ncpu = 0;
    table->stats[1].cpu = INT64_MIN;
    assert_int_equal(first_of("byAge removeSelf addPrediction byLoad"), 2);
    assert_int_equal(first_of("byAge removeSelf addPrediction byCPU"), 2);
    assert_int_equal(first_of("byAge removeSelf addPrediction byBusyChildren"), 2);
    assert_int_equal(first_of("byAge removeSelf addPrediction byCost"), 2);
    table->slots[1].sent_heard = INT64_MAX;
    table->slots[1].sent = 3;
    assert_int_equal(backhand_table_sent_since(table, 1), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(cost_adds_memory_and_load),
        TEST(cost_normalises_load),
        TEST(cost_depends_on_the_number_of_live_servers),
        TEST(cost_stands_senseless_figures),
        TEST(weights_are_shares),
        TEST(weight_of_an_unknown_speed),
        TEST(weights_keep_every_candidate),
        TEST(predictions_count_what_was_sent),
        TEST(predictions_end_with_an_announcement),
        TEST(predictions_take_weight_away),
        TEST(predictions_stand_senseless_figures),
    };
    return cmocka_run_group_tests_name("cost", tests, NULL, NULL);
}
