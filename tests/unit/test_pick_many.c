/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* A few live servers at random: how likely each is, in tables of all sizes. */

#include "candidacy/pick.h"
#include "live.h"

#define MOST 8

static int places[SERVERS];

static void make_servers(int count)
{
    for (int id = 0; id < count; id++) {
        announce(id, (figures){0});
    }
}

static int is_picked(int id)
{
    for (int i = 0; i < n; i++) {
        if (list[i].id == id) {
            return 1;
        }
    }
    return 0;
}

/* All different, live, from the list, and with the redirect that fill() gave them. */
static void assert_good(int most)
{
    assert_in_range(n, 0, most + 1);
    for (int i = 0; i < n; i++) {
        assert_in_range(list[i].id, 0, SERVERS - 1);
        assert_int_equal(list[i].redirect, list[i].id % 3);
        assert_true(list[i].id == 0 || !backhand_table_older(table, list[i].id, SERVER_TIMEOUT));
        for (int k = 0; k < i; k++) {
            assert_int_not_equal(list[i].id, list[k].id);
        }
    }
}

static void pick_of_all(void)
{
    int returned;
    fill(SERVERS);
    returned = backhand_pick(table, list, &n, MOST);
    assert_int_equal(returned, n);
    assert_good(MOST);
}

/* Each of the ids is in `share` of the rounds; 5 standard deviations are never left. */
static void assert_even(int from, int to, int rounds, double share)
{
    double expected = rounds * share, most = 5 * __builtin_sqrt(rounds * share * (1 - share));
    for (int id = from; id < to; id++) {
        double off = places[id] - expected;
        if (off > most || off < -most) {
            fail_msg("server %d: %d of %d, expected %.0f", id, places[id], rounds, expected);
        }
    }
}

/* How often each server is picked, in `places`. */
static void count_rounds(int rounds)
{
    memset(places, 0, sizeof(places));
    for (int round = 0; round < rounds; round++) {
        pick_of_all();
        assert_int_equal(n, MOST + 1);
        for (int i = 0; i < n; i++) {
            places[list[i].id]++;
        }
    }
}

static void every_live_server_is_as_likely(void **state)
{
    int rounds = 20000;
    (void)state;
    make_servers(41);
    count_rounds(rounds);
    assert_int_equal(places[0], rounds);
    assert_even(1, 41, rounds, MOST / 40.0);
}

static void every_one_is_as_likely_to_be_the_first(void **state)
{
    int rounds = 20000;
    (void)state;
    make_servers(41);
    memset(places, 0, sizeof(places));
    for (int round = 0; round < rounds; round++) {
        pick_of_all();
        places[list[0].id]++;
    }
    assert_even(1, 41, rounds, 1 / 40.0);
}

static void the_dead_are_dropped(void **state)
{
    int rounds = 20000;
    (void)state;
    make_servers(41);
    clock_now += apr_time_from_sec(SERVER_TIMEOUT + 2);
    for (int id = 11; id < 31; id++) {
        announce(id, (figures){0});
    }
    count_rounds(rounds);
    assert_even(11, 31, rounds, MOST / 20.0);
    assert_even(1, 11, rounds, 0);
    assert_even(31, 41, rounds, 0);
}

static void this_server_is_kept_if_it_was_there(void **state)
{
    (void)state;
    make_servers(4);
    /* However old its own word is. */
    clock_now += apr_time_from_sec(3600);
    pick_of_all();
    assert_int_equal(n, 1);
    assert_int_equal(list[0].id, 0);
    announce(2, (figures){0});
    pick_of_all();
    assert_int_equal(n, 2);
    assert_true(is_picked(0) && is_picked(2));
    list[0] = (ServerSlot){2, 2};
    list[1] = (ServerSlot){1, 1};
    n = 2;
    backhand_pick(table, list, &n, MOST);
    assert_int_equal(n, 1);
    assert_int_equal(list[0].id, 2);
    n = 0;
    assert_int_equal(backhand_pick(table, list, &n, MOST), 0);
}

static void few_are_all_kept(void **state)
{
    (void)state;
    make_servers(MOST + 1);
    for (int round = 0; round < 100; round++) {
        pick_of_all();
        assert_int_equal(n, MOST + 1);
    }
}

static void a_full_table_can_be_picked_from(void **state)
{
    int rounds = 30000;
    (void)state;
    make_servers(SERVERS);
    count_rounds(rounds);
    /* 59 of each are expected, 8 of them either way are a standard deviation, and of 4,095 servers some are far off. */
    for (int id = 1; id < SERVERS; id++) {
        assert_in_range(places[id], 15, 110);
    }
}

/* --- without a list ---------------------------------------------------------------------------------------- */

/* How often each server is picked, in `places`, and as the first one, in `firsts`. All are different and live. */
static int firsts[SERVERS];

static void count_picks(int rounds, int most, int wanted)
{
    int ids[BACKHAND_PICK_MOST];

    memset(places, 0, sizeof(places));
    memset(firsts, 0, sizeof(firsts));
    for (int round = 0; round < rounds; round++) {
        assert_int_equal(backhand_pick_any(table, ids, most, table->now()), wanted);
        firsts[ids[0]]++;
        for (int i = 0; i < wanted; i++) {
            assert_in_range(ids[i], 1, SERVERS - 1);
            assert_false(backhand_table_older(table, ids[i], SERVER_TIMEOUT));
            places[ids[i]]++;
            for (int k = 0; k < i; k++) {
                assert_int_not_equal(ids[i], ids[k]);
            }
        }
    }
}

/* Servers 1 to count - 1; of these only `from` to `to` - 1 were heard lately. */
static void make_some_live(int count, int from, int to)
{
    make_servers(count);
    clock_now += apr_time_from_sec(SERVER_TIMEOUT + 2);
    for (int id = from; id < to; id++) {
        announce(id, (figures){0});
    }
}

/* Fewer than BACKHAND_PICK_MOST, and more: these are drawn in different ways. */
static void without_a_list_every_live_server_is_as_likely(void **state)
{
    static const struct {
        int count, from, to;
    } farms[] = {
        {16, 1, 16}, {BACKHAND_PICK_MOST + 1, 1, BACKHAND_PICK_MOST + 1}, {41, 11, 31}, {200, 1, 200}, {200, 41, 161}};
    int rounds = 20000;
    (void)state;
    for (size_t i = 0; i < sizeof(farms) / sizeof(*farms); i++) {
        int from = farms[i].from, to = farms[i].to;
        make_some_live(farms[i].count, from, to);
        count_picks(rounds, MOST, MOST);
        assert_even(from, to, rounds, (double)MOST / (to - from));
        assert_even(1, from, rounds, 0);
        assert_even(to, farms[i].count, rounds, 0);
        memcpy(places, firsts, sizeof(places));
        assert_even(from, to, rounds, 1.0 / (to - from));
    }
}

/* Few are left of many: no draw finds them. */
static void without_a_list_the_last_live_ones_are_found(void **state)
{
    (void)state;
    make_some_live(1000, 500, 503);
    count_picks(1000, MOST, 3);
    assert_even(500, 503, 1000, 1);
    make_some_live(1000, 0, 0);
    assert_int_equal(backhand_pick_any(table, (int[BACKHAND_PICK_MOST]){0}, MOST, table->now()), 0);
}

static void without_a_list_few_are_all_picked(void **state)
{
    (void)state;
    make_some_live(MOST + 1, 1, MOST + 1);
    count_picks(200, MOST, MOST);
    assert_even(1, MOST + 1, 200, 1);
    count_picks(200, BACKHAND_PICK_MOST, MOST);
}

#define WITH_TABLE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_TABLE(every_live_server_is_as_likely),
        WITH_TABLE(every_one_is_as_likely_to_be_the_first),
        WITH_TABLE(the_dead_are_dropped),
        WITH_TABLE(this_server_is_kept_if_it_was_there),
        WITH_TABLE(few_are_all_kept),
        WITH_TABLE(a_full_table_can_be_picked_from),
        WITH_TABLE(without_a_list_every_live_server_is_as_likely),
        WITH_TABLE(without_a_list_the_last_live_ones_are_found),
        WITH_TABLE(without_a_list_few_are_all_picked),
    };
    return cmocka_run_group_tests_name("pick_many", tests, NULL, NULL);
}
