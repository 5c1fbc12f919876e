/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* A few live servers at random, as part of a chain: from the whole table, and from what functions before have left. */

#include "live.h"

#include "candidacy/builtins.h"
#include "candidacy/chain.h"
#include "candidacy/pick.h"

#define MOST 3

/* Server `id` was heard `ago` seconds ago. */
static void hear(int id, int64_t ago)
{
    clock_now -= apr_time_from_sec(ago);
    announce(id, (figures){0});
    clock_now += apr_time_from_sec(ago);
}

static int pick(struct request_rec *r, ServerSlot *servers, int *count, char *arg)
{
    (void)r;
    (void)arg;
    return backhand_pick(table, servers, count, MOST);
}

static int turn_round(struct request_rec *r, ServerSlot *servers, int *count, char *arg)
{
    (void)r;
    (void)arg;
    for (int i = 0; i < *count / 2; i++) {
        ServerSlot first = servers[i];
        servers[i] = servers[*count - 1 - i];
        servers[*count - 1 - i] = first;
    }
    return *count;
}

static int keep_odd(struct request_rec *r, ServerSlot *servers, int *count, char *arg)
{
    int kept = 0;
    (void)r;
    (void)arg;
    for (int i = 0; i < *count; i++) {
        if (servers[i].id % 2) {
            servers[kept] = servers[i];
            servers[kept++].redirect = BACKHAND_REDIRECT_IP;
        }
    }
    return *count = kept;
}

/* Runs `before`, if any, and then the pick; counts in `drawn` how often each server is left. */
static void draw(backhand_candidacy_fn before, int times, int drawn[8], backhand_candidates *out)
{
    backhand_function first = {.name = "before", .call = before}, second = {.name = "pick", .call = pick};
    backhand_chain chain = {NULL, NULL, 0};

    if (before) {
        backhand_chain_append(&chain, &first, pool);
    }
    backhand_chain_append(&chain, &second, pool);
    *out = (backhand_candidates){.list = list};
    memset(drawn, 0, 8 * sizeof(*drawn));
    for (int i = 0; i < times; i++) {
        int seen[8] = {0};
        backhand_chain_run(&chain, table, NULL, out, NULL, NULL);
        for (int at = 0; at < out->n; at++) {
            assert_in_range(list[at].id, 0, 7);
            assert_int_equal(seen[list[at].id]++, 0);
            drawn[list[at].id]++;
        }
    }
}

/* 0 to 7; 3 is dead, 6 has been silent for as long as is allowed. */
static void hear_eight(void)
{
    for (int id = 0; id < 8; id++) {
        hear(id, id == 3 ? 21 : id == 6 ? 20 : 0);
    }
}

static void live_servers_of_the_whole_table(void **state)
{
    static const backhand_candidacy_fn before[] = {NULL, turn_round};
    backhand_candidates out;
    int drawn[8];

    (void)state;
    hear_eight();
    for (int k = 0; k < 2; k++) {
        draw(before[k], 6000, drawn, &out);
        assert_int_equal(out.n, MOST + 1);
        assert_int_equal(list[MOST].id, 0);
        assert_int_equal(drawn[0], 6000);
        assert_int_equal(drawn[3], 0);
        for (int id = 1; id < 8; id++) {
            if (id != 3) {
                assert_in_range(drawn[id], 2700, 3300);
            }
        }
    }
}

static void what_functions_before_have_left(void **state)
{
    backhand_candidates out;
    int drawn[8];

    (void)state;
    hear_eight();
    draw(keep_odd, 100, drawn, &out);
    assert_int_equal(out.n, 3);
    assert_int_equal(drawn[1] + drawn[5] + drawn[7], 300);
    assert_int_equal(list[0].redirect, BACKHAND_REDIRECT_IP);
}

static void all_but_this_server(void **state)
{
    backhand_candidates out;
    int drawn[8];

    (void)state;
    hear_eight();
    draw(backhand_remove_self, 6000, drawn, &out);
    assert_int_equal(out.n, MOST);
    assert_int_equal(drawn[0], 0);
    assert_int_equal(drawn[3], 0);
    for (int id = 1; id < 8; id++) {
        if (id != 3) {
            assert_in_range(drawn[id], 2700, 3300);
        }
    }
}

static void a_server_alone(void **state)
{
    backhand_candidates out;
    int drawn[8];

    (void)state;
    draw(NULL, 1, drawn, &out);
    assert_int_equal(out.n, 1);
    assert_int_equal(list[0].id, 0);
    hear(0, 0);
    draw(NULL, 1, drawn, &out);
    assert_int_equal(out.n, 1);
    hear(1, 0);
    draw(NULL, 1, drawn, &out);
    assert_int_equal(out.n, 2);
    assert_int_equal(list[0].id, 1);
    assert_int_equal(list[1].id, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(live_servers_of_the_whole_table, setup, teardown),
        cmocka_unit_test_setup_teardown(what_functions_before_have_left, setup, teardown),
        cmocka_unit_test_setup_teardown(all_but_this_server, setup, teardown),
        cmocka_unit_test_setup_teardown(a_server_alone, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
