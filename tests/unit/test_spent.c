/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* A mark names a user once: the memory knows it until it is too old, however many others come, and in all threads. */

#include "trust/spent.h"

#include <apr_general.h>

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define START   apr_time_from_sec(1000000)
#define KEEP    apr_time_from_sec(60)
#define THREADS 4

static backhand_spent *spent;

static int start(void **state)
{
    (void)state;
    spent = calloc(1, sizeof(*spent));
    backhand_spent_init(spent, START);
    return spent == NULL;
}

static int finish(void **state)
{
    (void)state;
    free(spent);
    return 0;
}

/* The n-th signature: 64 hex digits without a pattern. */
static const char *signature_of(char text[65], uint64_t n)
{
    for (int i = 0; i < 4; i++) {
        uint64_t x = (n * 4 + (uint64_t)i + 1) * UINT64_C(0x9e3779b97f4a7c15);
        x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
        x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
        snprintf(text + (size_t)i * 16, 17, "%016llx", (unsigned long long)(x ^ (x >> 31)));
    }
    return text;
}

static backhand_spent_verdict spend(uint64_t n, apr_time_t now)
{
    char text[65];
    return backhand_spent_spend(spent, signature_of(text, n), 0, KEEP, now);
}

static void a_mark_is_spent_once(void **state)
{
    (void)state;
    assert_int_equal(spend(1, START), BACKHAND_SPENT_FIRST);
    assert_int_equal(spend(1, START), BACKHAND_SPENT_BEFORE);
    assert_int_equal(spend(2, START), BACKHAND_SPENT_FIRST);
    assert_int_equal(spend(1, START + KEEP), BACKHAND_SPENT_BEFORE);
    /* Nobody believes it by now. */
    assert_int_equal(spend(1, START + KEEP + apr_time_from_sec(2)), BACKHAND_SPENT_FIRST);
}

/* All parts of a signature count. */
static void similar_ones_are_others(void **state)
{
    char text[65];
    (void)state;
    signature_of(text, 7);
    for (int i = 0; i < 16; i++) {
        char other[65];
        memcpy(other, text, sizeof(other));
        other[24] = "0123456789abcdef"[i];
        assert_int_equal(backhand_spent_spend(spent, other, 0, KEEP, START), BACKHAND_SPENT_FIRST);
        assert_int_equal(backhand_spent_spend(spent, other, 0, KEEP, START), BACKHAND_SPENT_BEFORE);
    }
    memset(text, '0', 64);
    assert_int_equal(backhand_spent_spend(spent, text, 0, KEEP, START), BACKHAND_SPENT_FIRST);
    assert_int_equal(backhand_spent_spend(spent, text, 0, KEEP, START), BACKHAND_SPENT_BEFORE);
}

static void nothing_from_before_the_start(void **state)
{
    char text[65];
    (void)state;
    signature_of(text, 1);
    assert_int_equal(backhand_spent_spend(spent, text, 11, KEEP, START + 10), BACKHAND_SPENT_EARLY);
    assert_int_equal(backhand_spent_spend(spent, text, 10, KEEP, START + 10), BACKHAND_SPENT_FIRST);
    signature_of(text, 2);
    /* The clock of its server is ahead. */
    assert_int_equal(backhand_spent_spend(spent, text, -KEEP, KEEP, START), BACKHAND_SPENT_FIRST);
}

/* 4,000 a second, each for 60 s: 240,000 at a time. */
static void many_are_remembered(void **state)
{
    const uint64_t each = 4000;
    uint64_t full = 0;
    (void)state;
    for (uint64_t second = 0; second < 130; second++) {
        apr_time_t now = START + apr_time_from_sec((apr_int64_t)second);
        for (uint64_t n = 0; n < each; n++) {
            full += spend(second * each + n, now) != BACKHAND_SPENT_FIRST;
        }
        if (second >= 60) {
            assert_int_equal(spend((second - 59) * each + 5, now), BACKHAND_SPENT_BEFORE);
        }
    }
    assert_int_equal(full, 0);
}

static void one_that_cannot_be_remembered_is_refused(void **state)
{
    uint64_t n = 0;
    (void)state;
    while (spend(n, START) == BACKHAND_SPENT_FIRST) {
        n++;
    }
    assert_true(n > UINT64_C(8) * BACKHAND_SPENT_BUCKETS / 2);
    assert_int_equal(spend(n, START), BACKHAND_SPENT_FULL);
    assert_int_equal(spend(n - 1, START), BACKHAND_SPENT_BEFORE);
}

static int firsts[THREADS];

static void *spend_all(void *which)
{
    for (uint64_t n = 0; n < 20000; n++) {
        firsts[(intptr_t)which] += spend(n, START) == BACKHAND_SPENT_FIRST;
    }
    return NULL;
}

/* Each mark at most once among all of them; where two come at the same instant maybe not at all. */
static void threads_agree(void **state)
{
    pthread_t threads[THREADS];
    int sum = 0;
    (void)state;
    for (intptr_t i = 0; i < THREADS; i++) {
        firsts[i] = 0;
        assert_int_equal(pthread_create(&threads[i], NULL, spend_all, (void *)i), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        sum += firsts[i];
    }
    assert_true(sum <= 20000);
    assert_true(sum > 10000);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_mark_is_spent_once),
        TEST(similar_ones_are_others),
        TEST(nothing_from_before_the_start),
        TEST(many_are_remembered),
        TEST(one_that_cannot_be_remembered_is_refused),
        TEST(threads_agree),
    };
    apr_initialize();
    return cmocka_run_group_tests_name("spent", tests, NULL, NULL);
}
