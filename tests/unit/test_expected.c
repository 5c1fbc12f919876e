/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* byExpectedTime: what must hold whatever it takes a server's time to be. */

#include "live.h"

/* As most servers are: 10 ms, two at once. */
static const figures usual = {.service = 10000, .parallel = 2000, .latency = 10000, .served = 100000};

static figures with_inflight(int64_t inflight)
{
    figures f = usual;
    f.inflight = inflight;
    return f;
}

static int first_of(int from, int to, const char *arg)
{
    list_of(from, to);
    call("byExpectedTime", arg);
    assert_true(n > 0);
    return list[0].id;
}

/* Where 1,000 choices fall, each with figures that stay as they are. */
static void count_choices(int *chosen, int from, int to)
{
    memset(chosen, 0, (size_t)to * sizeof(*chosen));
    for (int i = 0; i < 1000; i++) {
        chosen[first_of(from, to, NULL)]++;
    }
}

/* Sends `requests`, one after the other, to where each looks best, with nothing heard meanwhile. */
static void send_burst(int *sent, int from, int to, int requests)
{
    memset(sent, 0, (size_t)to * sizeof(*sent));
    for (int i = 0; i < requests; i++) {
        int id = first_of(from, to, NULL);
        backhand_table_sent(table, id, backhand_table_slot_generation(table, id));
        sent[id]++;
    }
}

static void finish_burst(const int *sent, int to)
{
    for (int id = 0; id < to; id++) {
        for (int i = 0; i < sent[id]; i++) {
            backhand_table_begun(table, id, backhand_table_slot_generation(table, id));
            backhand_table_returned(table, id, backhand_table_slot_generation(table, id));
        }
    }
}

static void equal_servers_are_chosen_evenly(void **state)
{
    int chosen[12], sent[5];
    (void)state;
    for (int id = 0; id < 12; id++) {
        announce(id, usual);
    }
    grow_up();
    for (int id = 0; id < 12; id++) {
        announce(id, usual);
    }
    count_choices(chosen, 1, 12);
    for (int id = 1; id < 12; id++) {
        assert_in_range(chosen[id], 50, 140);
    }
    /* And a burst falls evenly, though nothing newer is heard. */
    send_burst(sent, 1, 5, 40);
    for (int id = 1; id < 5; id++) {
        assert_in_range(sent[id], 9, 11);
    }
}

static void fewer_requests_in_flight_are_better(void **state)
{
    (void)state;
    announce(0, usual);
    for (int more = 3; more < 100; more += 7) {
        for (int id = 1; id < 5; id++) {
            announce(id, with_inflight(id == 3 ? more - 1 : more));
        }
        grow_up();
        for (int id = 1; id < 5; id++) {
            announce(id, with_inflight(id == 3 ? more - 1 : more));
        }
        for (int i = 0; i < 50; i++) {
            assert_int_equal(first_of(1, 5, NULL), 3);
        }
    }
}

static void twice_as_fast_gets_twice_as_much(void **state)
{
    int sent[3];
    (void)state;
    for (int round = 0; round < 2; round++) {
        announce(0, usual);
        announce(1, (figures){.service = 5000, .parallel = 1000, .latency = 5000, .served = 100000});
        announce(2, (figures){.service = 10000, .parallel = 1000, .latency = 10000, .served = 100000});
        grow_up();
    }
    announce(1, (figures){.service = 5000, .parallel = 1000, .latency = 5000, .served = 100000});
    announce(2, (figures){.service = 10000, .parallel = 1000, .latency = 10000, .served = 100000});
    send_burst(sent, 1, 3, 90);
    assert_in_range(sent[1], 56, 64);
}

static void errors_attract_nobody(void **state)
{
    (void)state;
    for (int round = 0; round < 2; round++) {
        announce(0, usual);
        for (int id = 1; id < 5; id++) {
            announce(id, with_inflight(20));
        }
        /* It fails within 0.1 ms, and so is idle. */
        announce(5, (figures){.service = 100, .parallel = 1000, .latency = 100, .errors = 1000, .served = 100000});
        grow_up();
    }
    for (int id = 1; id < 5; id++) {
        announce(id, with_inflight(20));
    }
    announce(5, (figures){.service = 100, .parallel = 1000, .latency = 100, .errors = 1000, .served = 100000});
    for (int i = 0; i < 100; i++) {
        first_of(1, 6, NULL);
        assert_int_equal(list[n - 1].id, 5);
    }
    /* Nor does one that was never measured because nothing ever succeeded. */
    announce(5, (figures){.errors = 1000, .served = 100000});
    for (int i = 0; i < 100; i++) {
        first_of(1, 6, NULL);
        assert_int_equal(list[n - 1].id, 5);
    }
    /* A few errors are no reason to leave it. */
    announce(5, (figures){.service = 10000, .parallel = 2000, .latency = 10000, .errors = 20, .served = 100000});
    assert_int_equal(first_of(1, 6, NULL), 5);
}

static void what_is_unknown_takes_the_middle(void **state)
{
    (void)state;
    for (int round = 0; round < 2; round++) {
        announce(0, usual);
        announce(1, (figures){.service = 5000, .parallel = 1000, .served = 100000});
        announce(2, (figures){.served = 100000});
        announce(3, (figures){.service = 20000, .parallel = 1000, .served = 100000});
        grow_up();
    }
    announce(1, (figures){.service = 5000, .parallel = 1000, .served = 100000});
    announce(2, (figures){.served = 100000});
    announce(3, (figures){.service = 20000, .parallel = 1000, .served = 100000});
    assert_int_equal(first_of(1, 4, NULL), 1);
    assert_int_equal(list[1].id, 2);
    assert_int_equal(list[2].id, 3);
}

static void a_server_that_just_joined_gets_at_most_its_share(void **state)
{
    int sent[6];
    (void)state;
    for (int round = 0; round < 2; round++) {
        announce(0, usual);
        for (int id = 1; id < 5; id++) {
            announce(id, with_inflight(10));
        }
        if (round == 0) {
            grow_up();
        }
    }
    announce(5, (figures){0});
    send_burst(sent, 1, 6, 100);
    assert_in_range(sent[5], 1, 20);
    finish_burst(sent, 6);
    /* Later, too, while it is new: what it says of itself is from few requests. */
    clock_now += apr_time_from_sec(2);
    for (int id = 1; id < 5; id++) {
        announce(id, with_inflight(10));
    }
    announce(5, (figures){.service = 1000, .parallel = 1000, .latency = 1000, .served = 5});
    send_burst(sent, 1, 6, 100);
    assert_in_range(sent[5], 1, 60);
}

static void the_bias_is_this_servers_advantage(void **state)
{
    (void)state;
    for (int round = 0; round < 2; round++) {
        announce(0, (figures){.service = 10000, .parallel = 1000, .served = 100000});
        announce(1, (figures){.service = 2000, .parallel = 1000, .served = 100000});
        grow_up();
    }
    announce(0, (figures){.service = 10000, .parallel = 1000, .served = 100000});
    announce(1, (figures){.service = 2000, .parallel = 1000, .served = 100000});
    assert_int_equal(first_of(0, 2, NULL), 1);
    assert_int_equal(first_of(0, 2, "5"), 1);
    assert_int_equal(first_of(0, 2, "8.5"), 0);
    assert_int_equal(first_of(0, 2, "2147483647"), 0);
    /* As good, it has no hop. */
    announce(1, (figures){.service = 10000, .parallel = 1000, .served = 100000});
    assert_int_equal(first_of(0, 2, NULL), 0);
    /* And a measured hop counts in full. */
    announce(1, (figures){.service = 2000, .parallel = 1000, .served = 100000});
    backhand_number_set(&table->slots[1].hop, 9000);
    assert_int_equal(first_of(0, 2, NULL), 0);
}

static void of_stock_heartbeats_the_least_busy_comes_first(void **state)
{
    int chosen[4];
    (void)state;
    announce(0, usual);
    for (int id = 1; id < 4; id++) {
        announce(id, (figures){0});
    }
    grow_up();
    for (int id = 1; id < 4; id++) {
        announce(id, (figures){0});
        backhand_number_set(&table->stats[id].nservers, 8);
        backhand_number_set(&table->stats[id].aservers, id == 2 ? 7 : 2);
    }
    assert_int_equal(first_of(1, 4, NULL), 2);
    /* What was sent counts at once. */
    send_burst(chosen, 1, 4, 40);
    assert_true(chosen[2] > chosen[1] && chosen[2] > chosen[3]);
    assert_true(chosen[1] > 0 && chosen[3] > 0);
}

static void nobody_is_left_of_the_dead(void **state)
{
    (void)state;
    announce(0, usual);
    announce(1, usual);
    clock_now += apr_time_from_sec(SERVER_TIMEOUT + 2);
    list_of(1, SERVERS);
    call("byExpectedTime", NULL);
    assert_int_equal(n, 0);
    list_of(0, SERVERS);
    call("byExpectedTime", NULL);
    assert_int_equal(n, 1);
    assert_int_equal(list[0].id, 0);
}

static void any_figures_make_an_order(void **state)
{
    static const int64_t odd[] = {0, 1, -1, INT32_MAX, INT64_MAX, INT64_MIN, 1000};
    (void)state;
    for (int id = 0; id < 9; id++) {
        announce(id, usual);
    }
    for (int round = 0; round < 5000; round++) {
        for (int id = 0; id < 9; id++) {
            int64_t *words[] = {&table->stats[id].inflight,     &table->stats[id].service, &table->stats[id].parallel,
                                &table->stats[id].errors,       &table->stats[id].served,  &table->slots[id].hop,
                                &table->slots[id].sent,         &table->slots[id].begun,   &table->slots[id].returned,
                                &table->slots[id].begun_last,   &table->slots[id].joined,  &table->stats[id].nservers,
                                &table->slots[id].report.heard, &table->flow->crowd};
            int64_t *word = words[backhand_random_below(sizeof(words) / sizeof(words[0]))];
            /* Differences of what this server itself counts never overflow. */
            int small = word == &table->slots[id].sent || word == &table->slots[id].begun ||
                        word == &table->slots[id].returned || word == &table->slots[id].begun_last ||
                        word == &table->slots[id].joined || word == &table->stats[id].nservers;
            backhand_number_set(word, odd[backhand_random_below(small ? 4 : 7)]);
        }
        fill(9);
        call(round % 2 ? "byExpectedTime" : "byPrequal", NULL);
        assert_permutation(9);
    }
}

#define WITH_TABLE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_TABLE(equal_servers_are_chosen_evenly),    WITH_TABLE(fewer_requests_in_flight_are_better),
        WITH_TABLE(twice_as_fast_gets_twice_as_much),   WITH_TABLE(errors_attract_nobody),
        WITH_TABLE(what_is_unknown_takes_the_middle),   WITH_TABLE(a_server_that_just_joined_gets_at_most_its_share),
        WITH_TABLE(the_bias_is_this_servers_advantage), WITH_TABLE(of_stock_heartbeats_the_least_busy_comes_first),
        WITH_TABLE(nobody_is_left_of_the_dead),         WITH_TABLE(any_figures_make_an_order),
    };
    return cmocka_run_group_tests_name("expected", tests, NULL, NULL);
}
