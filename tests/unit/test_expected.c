/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* byExpectedTime over a table: the shortcut, the list that it leaves, trials, and what it makes of figures. */

#include "live.h"

#include "candidacy/standing.h"
#include "candidacy/wait.h"

/* As most servers are: 80 ms, 12 at once, known well. */
static const figures usual = {
    .service = 80000, .parallel = 12000, .typical = 45000, .samples = 500, .spread = 1200, .calm = 1};

static figures with_inflight(int64_t inflight)
{
    figures f = usual;
    f.inflight = inflight;
    return f;
}

/* This server has that many in flight, the one that is decided on counted, and the meter says what figures[0] does. */
static void home(figures f)
{
    announce(0, f);
    table->meter->inflight = f.inflight;
    table->meter->parallel = table->meter->room = f.parallel;
    table->meter->failing = f.errors;
    table->meter->steady = f.service;
    backhand_standing_look(table);
}

static int first_of(int from, int to, const char *arg)
{
    list_of(from, to);
    call("byExpectedTime", arg);
    assert_true(n > 0);
    return list[0].id;
}

static void a_farm(int servers, int64_t inflight)
{
    for (int id = 1; id < servers; id++) {
        announce(id, with_inflight(inflight));
    }
}

/* As a chain with `on` alone runs it, without a list. */
static backhand_candidates run_chain(void)
{
    static int64_t warned;
    const backhand_builtin *on = backhand_builtin_find(BACKHAND_RECOMMENDED);
    backhand_function function = {.name = on->name, .call = on->call, .where = "test", .warned = &warned};
    backhand_candidates out = {.list = list};
    backhand_chain chain = {NULL, NULL, 0};
    backhand_chain_append(&chain, &function, pool);
    assert_int_equal(backhand_chain_run(&chain, table, NULL, &out, NULL, NULL), 1);
    return out;
}

static void equal_servers_keep_what_they_can_serve(void **state)
{
    (void)state;
    a_farm(12, 0);
    for (int64_t inflight = 1; inflight <= 12; inflight++) {
        home(with_inflight(inflight));
        for (int i = 0; i < 50; i++) {
            assert_int_equal(run_chain().why, BACKHAND_WHY_FREE);
            assert_int_equal(list[0].id, 0);
            assert_int_equal(first_of(0, 12, NULL), 0);
        }
    }
}

static void the_shortcut_says_what_the_rule_says(void **state)
{
    static const int64_t inflights[] = {1, 5, 12, 13, 30}, typicals[] = {20000, 45000, 60000, 450000},
                         errors[] = {0, 30, 900};
    (void)state;
    a_farm(5, 3);
    for (size_t i = 0; i < 5; i++) {
        for (size_t t = 0; t < 4; t++) {
            for (size_t e = 0; e < 3; e++) {
                figures f = with_inflight(inflights[i]);
                backhand_candidates out;
                int shortcut;
                f.typical = typicals[t];
                f.errors = errors[e];
                home(f);
                out = run_chain();
                shortcut = list[0].id;
                /* With this one word the shortcut is barred. */
                backhand_number_set(&table->meter->slower, 1);
                run_chain();
                assert_int_equal(list[0].id == 0, shortcut == 0 || out.why == BACKHAND_WHY_TRIAL);
            }
        }
    }
}

static void what_overflows_is_spread_evenly(void **state)
{
    int sent[12] = {0};
    (void)state;
    a_farm(12, 0);
    home(with_inflight(40));
    for (int i = 0; i < 88; i++) {
        int id = (run_chain(), list[0].id);
        backhand_table_sent(table, id, backhand_table_slot_generation(table, id));
        sent[id]++;
    }
    for (int id = 1; id < 12; id++) {
        assert_in_range(sent[id], 4, 13);
    }
}

static void the_list_ends_with_this_server(void **state)
{
    backhand_candidates out;
    (void)state;
    a_farm(12, 0);
    home(with_inflight(40));
    out = run_chain();
    assert_int_equal(out.why, BACKHAND_WHY_SOONER);
    assert_int_equal(out.n, 4);
    assert_int_equal(list[3].id, 0);
    home(with_inflight(5));
    out = run_chain();
    assert_int_equal(out.n, 1);
    /* All as full. */
    a_farm(12, 40);
    home(with_inflight(40));
    out = run_chain();
    assert_int_equal(out.why, BACKHAND_WHY_HERE);
    assert_int_equal(out.n, 1);
    assert_int_equal(list[0].id, 0);
}

static void many_old_servers_cost_nothing_and_are_not_chosen(void **state)
{
    (void)state;
    a_farm(200, 0);
    clock_now += apr_time_from_sec(SERVER_TIMEOUT + 2);
    for (int id = 150; id < 153; id++) {
        announce(id, with_inflight(0));
    }
    home(with_inflight(40));
    for (int i = 0; i < 50; i++) {
        assert_int_equal(run_chain().n, 4);
        assert_in_range(list[0].id, 150, 152);
    }
}

static void who_has_no_ready_worker_is_not_chosen(void **state)
{
    (void)state;
    a_farm(3, 0);
    backhand_number_set(&table->stats[1].aservers, 0);
    home(with_inflight(40));
    for (int i = 0; i < 20; i++) {
        run_chain();
        assert_true(list[0].id == 1 || list[0].id == 2);
    }
    /* As it announced it. */
    said_ready = 0;
    announce(1, with_inflight(0));
    said_ready = 8;
    for (int i = 0; i < 20; i++) {
        run_chain();
        assert_int_equal(list[0].id, 2);
    }
    said_ready = 0;
    announce(2, with_inflight(0));
    said_ready = 8;
    run_chain();
    assert_int_equal(list[0].id, 0);
}

static void a_slow_server_tries_itself_out(void **state)
{
    figures slow = usual;
    int kept = 0, away = 0;
    (void)state;
    a_farm(5, 0);
    slow.typical = 450000;
    slow.inflight = 1;
    home(slow);
    for (int i = 0; i < 1000; i++) {
        backhand_candidates out = run_chain();
        clock_now += apr_time_from_msec(10);
        a_farm(5, 0);
        kept += out.why == BACKHAND_WHY_TRIAL;
        away += out.why == BACKHAND_WHY_SOONER;
        assert_int_equal(list[0].id == 0, out.why == BACKHAND_WHY_TRIAL);
        if (out.why == BACKHAND_WHY_TRIAL) {
            backhand_trials_end(&table->meter->trials, &(backhand_trial_result){.log = 13, .slow = 13, .spread = 1.2});
        }
    }
    assert_in_range(kept, 2, 20);
    assert_int_equal(kept + away, 1000);
    /* As fast as the others it keeps all. */
    home(with_inflight(1));
    assert_int_equal(run_chain().why, BACKHAND_WHY_FREE);
    assert_int_equal(table->meter->trials.bad, 0);
}

static void errors_attract_nobody(void **state)
{
    (void)state;
    a_farm(5, 20);
    announce(5, (figures){.service = 100, .parallel = 4000, .errors = 1000});
    home(with_inflight(40));
    for (int i = 0; i < 100; i++) {
        run_chain();
        assert_in_range(list[0].id, 1, 4);
    }
}

static void the_bias_is_this_servers_advantage(void **state)
{
    (void)state;
    a_farm(3, 0);
    home(with_inflight(40));
    assert_true(first_of(0, 3, NULL) > 0);
    assert_true(first_of(0, 3, "100") > 0);
    assert_int_equal(first_of(0, 3, "500"), 0);
    assert_int_equal(first_of(0, 3, "2147483647"), 0);
}

static void a_server_of_the_release_before_is_understood(void **state)
{
    (void)state;
    /* It says service and parallel, and nothing of what is new. */
    announce(1, (figures){.service = 80000, .parallel = 12000});
    announce(2, (figures){.service = 800000, .parallel = 12000});
    home(with_inflight(40));
    for (int i = 0; i < 20; i++) {
        run_chain();
        assert_int_equal(list[0].id, 1);
    }
}

static void of_stock_heartbeats_the_least_busy_comes_first(void **state)
{
    (void)state;
    for (int id = 1; id < 4; id++) {
        said_ready = id == 2 ? 7 : 2;
        announce(id, (figures){0});
    }
    said_ready = 8;
    home(with_inflight(40));
    for (int i = 0; i < 20; i++) {
        run_chain();
        assert_int_equal(list[0].id, 2);
    }
}

static void nobody_is_left_of_the_dead(void **state)
{
    (void)state;
    home(with_inflight(40));
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

/* How many of the `count` are in the list, each once, with the redirect that fill() gave them. */
static void assert_sensible(int count)
{
    int seen[16] = {0};
    assert_in_range(n, 1, count);
    for (int i = 0; i < n; i++) {
        assert_in_range(list[i].id, 0, count - 1);
        assert_int_equal(list[i].redirect, list[i].id % 3);
        assert_int_equal(seen[list[i].id]++, 0);
    }
}

static void any_figures_make_a_list(void **state)
{
    static const int64_t odd[] = {0, 1, -1, INT32_MAX, INT64_MAX, INT64_MIN, 1000};
    (void)state;
    for (int id = 0; id < 9; id++) {
        announce(id, usual);
    }
    for (int round = 0; round < 5000; round++) {
        for (int id = 0; id < 9; id++) {
            int64_t *words[] = {
                &table->stats[id].inflight,   &table->stats[id].service,  &table->stats[id].parallel,
                &table->stats[id].errors,     &table->stats[id].typical,  &table->stats[id].samples,
                &table->stats[id].spread,     &table->stats[id].stall,    &table->slots[id].hop,
                &table->slots[id].sent,       &table->slots[id].begun,    &table->slots[id].returned,
                &table->slots[id].begun_last, &table->stats[id].nservers, &table->slots[id].report.heard,
                &table->meter->inflight,      &table->meter->room,        &table->meter->failing};
            int64_t *word = words[backhand_random_below(sizeof(words) / sizeof(words[0]))];
            /* Differences of what this server itself counts never overflow. */
            int small = word == &table->slots[id].sent || word == &table->slots[id].begun ||
                        word == &table->slots[id].returned || word == &table->slots[id].begun_last ||
                        word == &table->stats[id].nservers;
            backhand_number_set(word, odd[backhand_random_below(small ? 4 : 7)]);
        }
        backhand_standing_look(table);
        fill(9);
        call(round % 2 ? "byExpectedTime" : "byPrequal", NULL);
        assert_sensible(9);
    }
}

#define WITH_TABLE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

/* --- how long a request would wait ---------------------------------------------------------------------------------
 */

static apr_interval_time_t wait_of(int from, int to)
{
    list_of(from, to);
    return backhand_wait_least(table, list, n, table->now());
}

static void a_free_place_means_no_wait(void **state)
{
    (void)state;
    home(with_inflight(100));
    announce(1, with_inflight(11));
    assert_int_equal(wait_of(0, 2), 0);
    assert_int_equal(wait_of(1, 2), 0);
    assert_true(wait_of(0, 1) > 0);
}

/* 80 ms, 12 at once. */
static void the_queue_is_told_in_time(void **state)
{
    (void)state;
    home(with_inflight(36));
    assert_in_range(wait_of(0, 1), 159000, 161000);
    announce(1, with_inflight(23));
    assert_in_range(wait_of(0, 2), 79000, 81000);
    home(with_inflight(1000000000));
    announce(1, with_inflight(1000000000));
    assert_int_equal(wait_of(0, 2), apr_time_from_sec(3600));
}

static void servers_that_are_not_there_do_not_count(void **state)
{
    (void)state;
    announce(1, with_inflight(0));
    clock_now += apr_time_from_sec(30);
    home(with_inflight(36));
    assert_in_range(wait_of(1, 2), 159000, 161000);
}

static void what_is_not_known_is_not_waited_for(void **state)
{
    figures unknown = {.inflight = 500};
    (void)state;
    home(unknown);
    assert_int_equal(wait_of(0, 1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_TABLE(equal_servers_keep_what_they_can_serve),
        WITH_TABLE(the_shortcut_says_what_the_rule_says),
        WITH_TABLE(what_overflows_is_spread_evenly),
        WITH_TABLE(the_list_ends_with_this_server),
        WITH_TABLE(many_old_servers_cost_nothing_and_are_not_chosen),
        WITH_TABLE(who_has_no_ready_worker_is_not_chosen),
        WITH_TABLE(a_slow_server_tries_itself_out),
        WITH_TABLE(errors_attract_nobody),
        WITH_TABLE(the_bias_is_this_servers_advantage),
        WITH_TABLE(a_server_of_the_release_before_is_understood),
        WITH_TABLE(of_stock_heartbeats_the_least_busy_comes_first),
        WITH_TABLE(nobody_is_left_of_the_dead),
        WITH_TABLE(any_figures_make_a_list),
        WITH_TABLE(a_free_place_means_no_wait),
        WITH_TABLE(the_queue_is_told_in_time),
        WITH_TABLE(servers_that_are_not_there_do_not_count),
        WITH_TABLE(what_is_not_known_is_not_waited_for),
    };
    return cmocka_run_group_tests_name("expected", tests, NULL, NULL);
}
