/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file candidates.h
 * @brief A table with an injected clock and a list of candidates, for the tests of built-in functions.
 */
#ifndef BACKHAND_TEST_CANDIDATES_H
#define BACKHAND_TEST_CANDIDATES_H

#include "table_fixture.h"

#include <apr_strings.h>
#include <string.h>

#include "candidacy/builtins.h"
#include "candidacy/chain.h"

#define SERVERS BACKHAND_SERVERS_MAX

static ServerSlot list[SERVERS];
static int n;

static int setup(void **state)
{
    (void)state;
    begin_table(SERVERS, 4);
    backhand_random_seed(20);
    return 0;
}

__attribute__((unused)) static void fill(int count)
{
    n = count;
    for (int i = 0; i < n; i++) {
        list[i] = (ServerSlot){i, i % 3};
    }
}

__attribute__((unused)) static void call(const char *name, const char *arg)
{
    char copy[40];
    const backhand_builtin *builtin = backhand_builtin_find(name);
    int returned;
    assert_non_null(builtin);
    assert_null(builtin->check_arg(arg));
    apr_cpystrn(copy, arg ? arg : "", sizeof(copy));
    returned = builtin->call(NULL, list, &n, arg ? copy : NULL);
    assert_int_equal(returned, n);
}

/* Every id of 0 to n - 1 once, with the redirect that fill() gave it. */
__attribute__((unused)) static void assert_permutation(int count)
{
    static int seen[SERVERS];
    memset(seen, 0, sizeof(seen));
    assert_int_equal(n, count);
    for (int i = 0; i < n; i++) {
        assert_in_range(list[i].id, 0, count - 1);
        assert_int_equal(list[i].redirect, list[i].id % 3);
        assert_int_equal(seen[list[i].id]++, 0);
    }
}

#endif
