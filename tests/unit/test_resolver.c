/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* Names that are looked up beside the work. */

#include "names_fixture.h"

#include "announce/net/resolver.h"

#include <poll.h>
#include <signal.h>

/* The answers of the resolver of these tests: `slow` waits until it is let go, `broken` fails until it is mended,
 * `good` counts. */
static int held[2];
static int asked_good, asked_broken, mended;

static int fake_lookup(backhand_found *found, const char *name, int at_port, int family)
{
    char go;
    found->count = 0;
    found->problem[0] = '\0';
    if (strcmp(name, "slow") == 0 && read(held[0], &go, 1) != 1) {
        return 0;
    }
    if (strcmp(name, "broken") == 0) {
        __atomic_add_fetch(&asked_broken, 1, __ATOMIC_RELAXED);
        if (!__atomic_load_n(&mended, __ATOMIC_RELAXED)) {
            snprintf(found->problem, sizeof(found->problem), "broken");
            return 0;
        }
    }
    if (strcmp(name, "good") == 0) {
        __atomic_add_fetch(&asked_good, 1, __ATOMIC_RELAXED);
    }
    find(found, "192.0.2.1", at_port);
    find(found, "192.0.2.2", at_port + family);
    find(found, "192.0.2.1", at_port);
    return 1;
}

static int next_answer(backhand_resolver *resolver, backhand_found *found)
{
    apr_time_t until = deadline();
    int which;
    while ((which = backhand_resolver_next(resolver, found)) < 0 && apr_time_now() < until) {
        struct pollfd polled = {.fd = backhand_resolver_fd(resolver), .events = POLLIN};
        poll(&polled, 1, 100);
    }
    return which;
}

static void prepare(void)
{
    assert_int_equal(pipe(held), 0);
    asked_good = asked_broken = mended = 0;
}

static void release(void)
{
    close(held[0]);
    close(held[1]);
}

static void each_question_is_answered_again_and_again(void **state)
{
    static const backhand_question questions[] = {{"good", 4445, AF_UNSPEC}, {"other", 7, 1}};
    backhand_resolver *resolver;
    backhand_found found;
    int seen[2] = {0, 0};
    apr_time_t until = deadline();
    (void)state;
    prepare();
    assert_int_equal(backhand_resolver_start(&resolver, questions, 2, fake_lookup, 1000, 1000, pool), APR_SUCCESS);
    /* The first of two that wait is told first: where this thread is slow, that is always the same one. */
    for (int i = 0; i < 20 || (seen[1] == 0 && apr_time_now() < until); i++) {
        int which = next_answer(resolver, &found);
        assert_in_range(which, 0, 1);
        seen[which]++;
        assert_int_equal(found.count, 2);
        assert_int_equal(ntohs(found.at[0].v4.sin_port), questions[which].port);
        assert_int_equal(ntohs(found.at[1].v4.sin_port), questions[which].port + questions[which].family);
    }
    assert_true(seen[0] > 0 && seen[1] > 0);
    assert_true(__atomic_load_n(&asked_good, __ATOMIC_RELAXED) > 1);
    apr_pool_clear(pool);
    release();
}

static void failure_is_told_and_asked_again_soon(void **state)
{
    static const backhand_question questions[] = {{"broken", 4445, AF_UNSPEC}};
    backhand_resolver *resolver;
    backhand_found found;
    (void)state;
    prepare();
    assert_int_equal(backhand_resolver_start(&resolver, questions, 1, fake_lookup, apr_time_from_sec(3600), 1000, pool),
                     APR_SUCCESS);
    assert_int_equal(next_answer(resolver, &found), 0);
    assert_int_equal(found.count, 0);
    assert_string_equal(found.problem, "broken");
    __atomic_store_n(&mended, 1, __ATOMIC_RELAXED);
    for (apr_time_t until = deadline(); found.count == 0 && apr_time_now() < until;) {
        assert_int_equal(next_answer(resolver, &found), 0);
    }
    assert_int_equal(found.count, 2);
    assert_true(__atomic_load_n(&asked_broken, __ATOMIC_RELAXED) > 1);
    apr_pool_clear(pool);
    release();
}

static void a_slow_lookup_delays_nobody(void **state)
{
    static const backhand_question questions[] = {{"slow", 4445, AF_UNSPEC}};
    backhand_resolver *resolver;
    backhand_found found;
    apr_time_t before;
    (void)state;
    prepare();
    assert_int_equal(backhand_resolver_start(&resolver, questions, 1, fake_lookup, apr_time_from_sec(3600), 1000, pool),
                     APR_SUCCESS);
    before = apr_time_now();
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(backhand_resolver_next(resolver, &found), -1);
    }
    assert_true(apr_time_now() - before < deadline() - apr_time_now());
    assert_int_equal(write(held[1], "x", 1), 1);
    assert_int_equal(next_answer(resolver, &found), 0);
    assert_int_equal(found.count, 2);
    apr_pool_clear(pool);
    release();
}

static void on_signal(int sig)
{
    (void)sig;
}

/* The moderator's loop must be woken by its signals, whatever the other thread does. */
static void signals_are_for_the_caller(void **state)
{
    static const backhand_question questions[] = {{"slow", 4445, AF_UNSPEC}};
    struct sigaction action = {.sa_handler = on_signal}, before;
    backhand_resolver *resolver;
    sigset_t blocked, old, pending;
    (void)state;
    prepare();
    assert_int_equal(sigaction(SIGUSR1, &action, &before), 0);
    assert_int_equal(backhand_resolver_start(&resolver, questions, 1, fake_lookup, apr_time_from_sec(3600), 1000, pool),
                     APR_SUCCESS);
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR1);
    assert_int_equal(sigprocmask(SIG_BLOCK, &blocked, &old), 0);
    assert_int_equal(kill(getpid(), SIGUSR1), 0);
    assert_int_equal(sigpending(&pending), 0);
    assert_true(sigismember(&pending, SIGUSR1));
    assert_int_equal(sigprocmask(SIG_SETMASK, &old, NULL), 0);
    assert_int_equal(write(held[1], "x", 1), 1);
    apr_pool_clear(pool);
    sigaction(SIGUSR1, &before, NULL);
    release();
}

static void localhost_is_found(void **state)
{
    backhand_found found;
    int loopback = 0;
    (void)state;
    assert_true(backhand_lookup(&found, "localhost", 4445, AF_UNSPEC));
    for (int i = 0; i < found.count; i++) {
        assert_int_equal(ntohs(found.at[i].v4.sin_port), 4445);
        loopback += found.at[i].sa.sa_family == AF_INET && found.at[i].v4.sin_addr.s_addr == htonl(INADDR_LOOPBACK);
    }
    assert_int_equal(loopback, 1);
    assert_true(backhand_lookup(&found, "127.0.0.3", 80, AF_INET));
    assert_int_equal(found.count, 1);
    assert_false(backhand_lookup(&found, "127.0.0.3", 80, AF_INET6));
    assert_int_equal(found.count, 0);
    assert_true(found.problem[0]);
}

static void no_more_than_there_is_room_for(void **state)
{
    static backhand_found found;
    (void)state;
    memset(&found, 0, sizeof(found));
    for (int i = 0; i < 1000; i++) {
        find(&found, apr_psprintf(pool, "10.0.%d.%d", i / 250, i % 250), 4445);
    }
    assert_int_equal(found.count, BACKHAND_NAMED_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_question_is_answered_again_and_again),
        TEST(failure_is_told_and_asked_again_soon),
        TEST(a_slow_lookup_delays_nobody),
        TEST(signals_are_for_the_caller),
        TEST(localhost_is_found),
        TEST(no_more_than_there_is_room_for),
    };
    apr_initialize();
    return cmocka_run_group_tests_name("resolver", tests, NULL, NULL);
}
