/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* Chains: what they merge to, and that nothing a foreign function leaves can be followed unchecked. */

#include "table_fixture.h"

#include <apr_strings.h>
#include <stdio.h>
#include <string.h>

#include "candidacy/builtins.h"
#include "candidacy/chain.h"

#define SERVERS 64

static ServerSlot list[SERVERS];
static backhand_candidates out = {.list = list};

static int complaints;
static char complaint[300];

static void complain(void *ctx, const backhand_function *f, const char *what)
{
    assert_ptr_equal(ctx, &complaints);
    snprintf(complaint, sizeof(complaint), "%s %s", f->name, what);
    complaints++;
}

static int run(const backhand_chain *chain)
{
    complaints = 0;
    complaint[0] = '\0';
    out.n = -1;
    return backhand_chain_run(chain, table, NULL, &out, complain, &complaints);
}

static void append(backhand_chain *chain, const char *name, backhand_candidacy_fn call, const char *arg)
{
    backhand_function f = {.name = name, .call = call, .foreign = call != NULL, .where = "test:1"};
    if (!call) {
        f.call = backhand_builtin_find(name)->call;
    }
    f.arg = arg ? apr_pstrdup(pool, arg) : NULL;
    backhand_chain_append(chain, &f, pool);
}

static int setup(void **state)
{
    (void)state;
    begin_table(SERVERS, 4);
    return 0;
}

/* --- merging ----------------------------------------------------------------------------------------------- */

/* Notes the order in which functions run, by their argument. */
static char order[100];

static int note(struct request_rec *r, ServerSlot *servers, int *n, char *arg)
{
    (void)r;
    (void)servers;
    strncat(order, arg, sizeof(order) - strlen(order) - 1);
    return *n;
}

static const char *order_of(const backhand_chain *chain)
{
    int ran;
    order[0] = '\0';
    ran = run(chain);
    assert_int_equal(ran, strlen(order));
    return order;
}

static backhand_chain chain_of(const char *letters)
{
    backhand_chain chain = {NULL, NULL, 0};
    for (; *letters; letters++) {
        char arg[2] = {*letters, '\0'};
        if (*letters == '-') {
            backhand_chain_forget(&chain);
            continue;
        }
        append(&chain, "note", note, arg);
    }
    return chain;
}

static void an_empty_chain_runs_nothing(void **state)
{
    backhand_chain chain = chain_of("");
    (void)state;
    assert_true(backhand_chain_is_empty(&chain));
    assert_int_equal(run(&chain), 0);
    assert_int_equal(out.n, SERVERS);
    for (int i = 0; i < SERVERS; i++) {
        assert_int_equal(list[i].id, i);
        assert_int_equal(list[i].redirect, BACKHAND_HANDOFF);
    }
}

static void a_child_comes_after_its_parent(void **state)
{
    backhand_chain outer = chain_of("ab"), inner = chain_of("cd"), merged;
    (void)state;
    backhand_chain_merge(&merged, &outer, &inner, pool);
    assert_string_equal(order_of(&merged), "abcd");
    assert_string_equal(order_of(&outer), "ab");
    assert_string_equal(order_of(&inner), "cd");
}

static void off_forgets_what_is_before_it(void **state)
{
    backhand_chain outer = chain_of("ab"), mid = chain_of("c-d"), inner = chain_of("e"), merged, all;
    (void)state;
    assert_string_equal(order_of(&mid), "d");
    backhand_chain_merge(&merged, &outer, &mid, pool);
    assert_string_equal(order_of(&merged), "d");
    backhand_chain_merge(&all, &merged, &inner, pool);
    assert_string_equal(order_of(&all), "de");

    inner = chain_of("-");
    assert_false(backhand_chain_is_empty(&inner));
    backhand_chain_merge(&all, &merged, &inner, pool);
    assert_string_equal(order_of(&all), "");
}

/* httpd merges sections of one kind before it puts them into the rest: any grouping must give the same. */
static void merging_is_associative(void **state)
{
    static const char *const texts[] = {"", "a", "bc", "-", "d-", "-e", "f-g"};
    const int count = sizeof(texts) / sizeof(texts[0]);
    (void)state;
    for (int i = 0; i < count * count * count * count; i++) {
        backhand_chain a = chain_of(texts[i % count]), b = chain_of(texts[i / count % count]);
        backhand_chain c = chain_of(texts[i / count / count % count]), d = chain_of(texts[i / count / count / count]);
        backhand_chain ab, abc, left, cd, bcd, right, halves;
        char expected[100];

        backhand_chain_merge(&ab, &a, &b, pool);
        backhand_chain_merge(&abc, &ab, &c, pool);
        backhand_chain_merge(&left, &abc, &d, pool);
        backhand_chain_merge(&cd, &c, &d, pool);
        backhand_chain_merge(&bcd, &b, &cd, pool);
        backhand_chain_merge(&right, &a, &bcd, pool);
        backhand_chain_merge(&halves, &ab, &cd, pool);
        apr_cpystrn(expected, order_of(&left), sizeof(expected));
        assert_string_equal(order_of(&right), expected);
        assert_string_equal(order_of(&halves), expected);
    }
}

/* --- what foreign functions leave -------------------------------------------------------------------------- */

static struct {
    int stored, returned, count;
    ServerSlot servers[SERVERS];
} left;

static int leave(struct request_rec *r, ServerSlot *servers, int *n, char *arg)
{
    (void)r;
    (void)arg;
    memcpy(servers, left.servers, (size_t)left.count * sizeof(servers[0]));
    *n = left.stored;
    return left.returned;
}

static backhand_chain leaving(const int *ids, int count)
{
    backhand_chain chain = {NULL, NULL, 0};
    memset(&left, 0, sizeof(left));
    left.stored = left.returned = left.count = count;
    for (int i = 0; i < count; i++) {
        left.servers[i].id = ids[i];
    }
    append(&chain, "removeSelf", NULL, NULL);
    append(&chain, "leave", leave, NULL);
    return chain;
}

static void good_results_are_followed(void **state)
{
    const int ids[] = {7, 0, SERVERS - 1, 3};
    backhand_chain chain = leaving(ids, 4);
    (void)state;
    left.servers[2].redirect = BACKHAND_REDIRECT_NAME;
    assert_int_equal(run(&chain), 2);
    assert_int_equal(complaints, 0);
    assert_int_equal(out.n, 4);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(list[i].id, ids[i]);
        assert_int_equal(list[i].redirect, i == 2 ? BACKHAND_REDIRECT_NAME : BACKHAND_HANDOFF);
    }
}

static void impossible_lengths_leave_the_list(void **state)
{
    static const int impossible[] = {-1, SERVERS + 1, INT32_MAX, INT32_MIN};
    const int ids[] = {5, 5, -9};
    (void)state;
    for (int i = 0; i < 8; i++) {
        backhand_chain chain = leaving(ids, 3);
        int *number = i % 2 ? &left.stored : &left.returned;
        *number = impossible[i / 2];
        run(&chain);
        assert_int_equal(complaints, 1);
        assert_non_null(strstr(complaint, "leave "));
        assert_int_equal(out.n, SERVERS - 1);
        for (int k = 0; k < out.n; k++) {
            assert_int_equal(list[k].id, k + 1);
        }
    }
}

static void the_stored_length_counts(void **state)
{
    const int ids[] = {4, 5, 6};
    backhand_chain chain = leaving(ids, 3);
    (void)state;
    left.returned = 0;
    run(&chain);
    assert_int_equal(out.n, 3);
    assert_int_equal(complaints, 1);
    assert_non_null(strstr(complaint, "returned a length of 0 and stored 3"));
}

static void bad_entries_are_dropped(void **state)
{
    const int ids[] = {SERVERS, 5, -1, 5, 9, INT32_MIN, 5, 9, INT32_MAX, 2};
    backhand_chain chain = leaving(ids, 10);
    (void)state;
    left.servers[1].redirect = 17;
    left.servers[4].redirect = -1;
    left.servers[9].redirect = BACKHAND_REDIRECT_IP;
    run(&chain);
    assert_int_equal(complaints, 1);
    assert_int_equal(out.n, 3);
    assert_int_equal(list[0].id, 5);
    assert_int_equal(list[1].id, 9);
    assert_int_equal(list[2].id, 2);
    assert_int_equal(list[0].redirect, BACKHAND_HANDOFF);
    assert_int_equal(list[1].redirect, BACKHAND_HANDOFF);
    assert_int_equal(list[2].redirect, BACKHAND_REDIRECT_IP);
}

static void random_garbage_never_passes(void **state)
{
    (void)state;
    backhand_random_seed(1);
    for (int round = 0; round < 10000; round++) {
        int ids[SERVERS], seen[SERVERS] = {0};
        backhand_chain chain;
        apr_pool_t *outer = pool;
        apr_pool_create(&pool, outer);
        for (int i = 0; i < SERVERS; i++) {
            ids[i] = (int)backhand_random_below(3 * SERVERS) - SERVERS;
        }
        chain = leaving(ids, SERVERS);
        left.stored = (int)backhand_random_below(2 * SERVERS) - SERVERS / 2;
        left.returned = backhand_random_below(2) ? left.stored : (int)backhand_random_below(2 * SERVERS) - SERVERS / 2;
        for (int i = 0; i < SERVERS; i++) {
            left.servers[i].redirect = (int)backhand_random_below(8) - 2;
        }
        run(&chain);
        assert_in_range(out.n, 0, SERVERS);
        for (int i = 0; i < out.n; i++) {
            assert_in_range(list[i].id, 0, SERVERS - 1);
            assert_in_range(list[i].redirect, BACKHAND_HANDOFF, BACKHAND_REDIRECT_NAME);
            assert_int_equal(seen[list[i].id]++, 0);
        }
        apr_pool_destroy(pool);
        pool = outer;
    }
}

static void complaints_come_once_a_minute(void **state)
{
    const int ids[] = {-1};
    int64_t warned = 0;
    backhand_chain chain = leaving(ids, 1);
    (void)state;
    APR_ARRAY_IDX(chain.own, 1, backhand_function).warned = &warned;
    run(&chain);
    assert_int_equal(complaints, 1);
    clock_now += apr_time_from_sec(59);
    run(&chain);
    assert_int_equal(complaints, 0);
    assert_int_equal(out.n, 0);
    clock_now += apr_time_from_sec(2);
    run(&chain);
    assert_int_equal(complaints, 1);
    clock_now -= apr_time_from_sec(3600);
    run(&chain);
    assert_int_equal(complaints, 1);
}

static void where_others_are_wanted_this_server_is_no_candidate(void **state)
{
    backhand_chain chain = {NULL, NULL, 0};
    int n;
    (void)state;
    append(&chain, "byRandom", NULL, NULL);
    run(&chain);
    n = out.n;
    out.others = 1;
    run(&chain);
    out.others = 0;
    assert_int_equal(out.n, n - 1);
    for (int i = 0; i < out.n; i++) {
        assert_int_not_equal(out.list[i].id, 0);
    }
}

static void a_chain_runs_without_anyone_to_complain_to(void **state)
{
    const int ids[] = {-1};
    backhand_chain chain = leaving(ids, 1);
    (void)state;
    assert_int_equal(backhand_chain_run(&chain, table, NULL, &out, NULL, NULL), 2);
    assert_int_equal(out.n, 0);
}

static void the_function_that_left_nobody_is_named(void **state)
{
    backhand_chain chain = leaving(NULL, 0);
    (void)state;
    append(&chain, "byRandom", NULL, NULL);
    run(&chain);
    assert_int_equal(out.n, 0);
    assert_string_equal(out.emptied, "leave");
    append(&chain, "addSelf", NULL, NULL);
    run(&chain);
    assert_int_equal(out.n, 1);
    assert_null(out.emptied);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_chain_runs_nothing),
        cmocka_unit_test(a_child_comes_after_its_parent),
        cmocka_unit_test(off_forgets_what_is_before_it),
        cmocka_unit_test(merging_is_associative),
        cmocka_unit_test(good_results_are_followed),
        cmocka_unit_test(impossible_lengths_leave_the_list),
        cmocka_unit_test(the_stored_length_counts),
        cmocka_unit_test(bad_entries_are_dropped),
        cmocka_unit_test(random_garbage_never_passes),
        cmocka_unit_test(where_others_are_wanted_this_server_is_no_candidate),
        cmocka_unit_test(complaints_come_once_a_minute),
        cmocka_unit_test(a_chain_runs_without_anyone_to_complain_to),
        cmocka_unit_test(the_function_that_left_nobody_is_named),
    };
    return cmocka_run_group_tests_name("chain", tests, setup, teardown);
}
