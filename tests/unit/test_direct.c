/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* Which servers get direct announcements, and how often. */

#include "announcements.h"

#include "announce/moderator/direct.h"

#include <arpa/inet.h>

#define SECOND apr_time_from_sec(1)

static backhand_direct direct;

static int start(void **state)
{
    (void)state;
    memset(&direct, 0, sizeof(direct));
    return 0;
}

static backhand_address address(int n, int port)
{
    backhand_address made;
    memset(&made, 0, sizeof(made));
    made.v4.sin_family = AF_INET;
    made.v4.sin_addr.s_addr = htonl(0x0a000000u + (unsigned)n);
    made.v4.sin_port = htons((in_port_t)port);
    return made;
}

static int hear(int n, int covered, int joined, apr_time_t now)
{
    backhand_address from = address(n, 1024 + (int)(draw() % 60000));
    backhand_hearing hearing = {
        .from = &from.sa, .listener_id = 3, .covered = covered, .joined = joined, .interval = 250};
    return backhand_direct_heard(&direct, &hearing, now);
}

static int due(int n, apr_time_t now)
{
    backhand_direct_forget(&direct, now);
    for (int i = 0; i < direct.count; i++) {
        if (direct.server[i].from.v4.sin_addr.s_addr == address(n, 0).v4.sin_addr.s_addr) {
            assert_int_equal(direct.server[i].listener_id, 3);
            return backhand_direct_due(&direct.server[i], now);
        }
    }
    return 0;
}

static void who_is_not_covered_is_due_while_it_is_heard(void **state)
{
    apr_time_t now = 1000 * SECOND;
    (void)state;
    assert_int_equal(hear(1, 0, 1, now), 1);
    assert_int_equal(hear(2, 1, 1, now), 1);
    for (int i = 0; i < 20; i++) {
        assert_true(due(1, now));
        assert_false(due(2, now));
        now += SECOND / 4;
        assert_int_equal(hear(1, 0, 0, now), 0);
        assert_int_equal(hear(2, 1, 0, now), 0);
    }
    assert_int_equal(direct.count, 1);
    assert_true(due(1, now + SECOND * 3 / 4));
    assert_false(due(1, now + SECOND));
    assert_int_equal(direct.count, 0);
}

static void a_copy_by_a_group_is_enough(void **state)
{
    apr_time_t now = 1000 * SECOND;
    backhand_address one = address(1, 99);
    (void)state;
    hear(1, 0, 1, now);
    assert_true(due(1, now));
    backhand_direct_reached(&direct, &one.sa, now);
    assert_false(due(1, now));
    for (int i = 0; i < 20; i++) {
        now += SECOND / 4;
        hear(1, 0, 0, now);
        assert_false(due(1, now));
        backhand_direct_reached(&direct, &one.sa, now);
    }
    /* The group falls silent. */
    for (int i = 0; i < 4; i++) {
        now += SECOND / 4;
        hear(1, 0, 0, now);
    }
    assert_true(due(1, now));
    /* And is heard first next time. */
    hear(1, 1, 0, now);
    assert_false(due(1, now));
    one = address(7, 99);
    backhand_direct_reached(&direct, &one.sa, now);
    assert_int_equal(direct.count, 1);
}

static void who_leaves_is_forgotten(void **state)
{
    apr_time_t now = 1000 * SECOND;
    backhand_address one = address(1, 99);
    backhand_hearing leaving = {.from = &one.sa, .listener_id = 3, .leaving = 1, .interval = 250};
    (void)state;
    hear(1, 0, 1, now);
    hear(2, 0, 1, now);
    assert_int_equal(backhand_direct_heard(&direct, &leaving, now), 0);
    assert_false(due(1, now));
    assert_true(due(2, now));
    assert_int_equal(backhand_direct_heard(&direct, &leaving, now), 0);
    assert_int_equal(direct.count, 1);
}

static void answers_are_bounded(void **state)
{
    apr_time_t now = 1000 * SECOND;
    int answered = 0;
    (void)state;
    /* A flood of senders, as somebody may invent who forges addresses. */
    for (int i = 0; i < 10000; i++) {
        answered += hear(i, 0, 1, now + i * 10);
        assert_true(direct.count <= BACKHAND_DIRECT_MAX);
    }
    assert_int_equal(answered, BACKHAND_DIRECT_BURST);
    assert_int_equal(direct.count, BACKHAND_DIRECT_MAX);
    now += 2 * SECOND;
    assert_int_equal(hear(20000, 0, 1, now), 1);
    assert_int_equal(direct.count, 1);
}

static void long_intervals_are_not_believed_for_ever(void **state)
{
    apr_time_t now = 1000 * SECOND;
    backhand_address one = address(1, 99);
    static const int64_t intervals[] = {180001, 3600000, INT64_MAX};
    (void)state;
    for (size_t i = 0; i < sizeof(intervals) / sizeof(intervals[0]); i++) {
        backhand_hearing hearing = {.from = &one.sa, .listener_id = 3, .interval = intervals[i]};
        backhand_direct_heard(&direct, &hearing, now);
        assert_true(due(1, now + BACKHAND_DIRECT_PATIENCE));
        assert_false(due(1, now + BACKHAND_DIRECT_PATIENCE + 1));
    }
}

#define TEST(name) cmocka_unit_test_setup(name, start)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(who_is_not_covered_is_due_while_it_is_heard),
        TEST(a_copy_by_a_group_is_enough),
        TEST(who_leaves_is_forgotten),
        TEST(answers_are_bounded),
        TEST(long_intervals_are_not_believed_for_ever),
    };
    return cmocka_run_group_tests_name("direct", tests, NULL, NULL);
}
