/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* Names that are looked up beside the work, and the addresses that they stand for. */

#include "announcements.h"

#include "announce/net/lookup.h"
#include "announce/net/resolver.h"
#include "announce/net/transport.h"

#include <apr_general.h>
#include <apr_strings.h>

#include <arpa/inet.h>
#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

static apr_pool_t *pool;
static int port;

static int start(void **state)
{
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_ANY)};
    socklen_t size = sizeof(any);
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    (void)state;
    apr_pool_create(&pool, NULL);
    assert_int_equal(bind(fd, (struct sockaddr *)&any, size), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&any, &size), 0);
    close(fd);
    port = ntohs(any.sin_port);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    apr_pool_destroy(pool);
    return 0;
}

static apr_time_t deadline(void)
{
    const char *scale = getenv("BACKHAND_TEST_TIMEOUT_SCALE");
    return apr_time_now() + (apr_time_t)(apr_time_from_sec(5) * (scale ? atof(scale) : 1));
}

static void find(backhand_found *found, const char *address, int at_port)
{
    struct sockaddr_in to = {.sin_family = AF_INET};
    to.sin_addr.s_addr = inet_addr(address);
    backhand_found_add(found, (struct sockaddr *)&to, at_port);
}

/* --- lookups in a thread ----------------------------------------------------------------------------------- */

/* What the resolver of these tests says: `slow` waits until it is let go, `broken` fails for a while, `good` counts. */
static int held[2];
static int asked_good, asked_broken, broken_until;

static int fake_lookup(backhand_found *found, const char *name, int at_port, int family)
{
    char go;
    found->count = 0;
    found->problem[0] = '\0';
    if (strcmp(name, "slow") == 0 && read(held[0], &go, 1) != 1) {
        return 0;
    }
    if (strcmp(name, "broken") == 0 && __atomic_add_fetch(&asked_broken, 1, __ATOMIC_RELAXED) <= broken_until) {
        snprintf(found->problem, sizeof(found->problem), "broken");
        return 0;
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
    asked_good = asked_broken = broken_until = 0;
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
    (void)state;
    prepare();
    assert_int_equal(backhand_resolver_start(&resolver, questions, 2, fake_lookup, 1000, 1000, pool), APR_SUCCESS);
    for (int i = 0; i < 20; i++) {
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
    broken_until = 3;
    assert_int_equal(backhand_resolver_start(&resolver, questions, 1, fake_lookup, apr_time_from_sec(3600), 1000, pool),
                     APR_SUCCESS);
    assert_int_equal(next_answer(resolver, &found), 0);
    assert_int_equal(found.count, 0);
    assert_string_equal(found.problem, "broken");
    for (apr_time_t until = deadline(); found.count == 0 && apr_time_now() < until;) {
        assert_int_equal(next_answer(resolver, &found), 0);
    }
    assert_int_equal(found.count, 2);
    assert_int_equal(__atomic_load_n(&asked_broken, __ATOMIC_RELAXED), 4);
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

/* --- what a name stands for -------------------------------------------------------------------------------- */

typedef struct heard {
    int count;
    char from[64];
    int place;
    apr_sockaddr_t sender;
} heard;

static void on_datagram(void *ctx, const char *data, apr_size_t length, apr_sockaddr_t *sender, int place)
{
    heard *h = ctx;
    (void)data;
    (void)length;
    h->count++;
    h->place = place;
    h->sender = *sender;
    apr_sockaddr_ip_getbuf(h->from, sizeof(h->from), sender);
}

static void on_problem(void *ctx, const char *text, apr_status_t rv)
{
    (void)ctx;
    (void)rv;
    fail_msg("%s", text);
}

static backhand_transport *make(const char *from, const char *to, apr_array_header_t **all)
{
    apr_array_header_t *destinations = apr_array_make(pool, 1, sizeof(backhand_destination));
    backhand_transport *transport;
    const char *problem =
        backhand_destination_parse(apr_array_push(destinations), from ? from : to, from ? to : NULL, pool);
    assert_null(problem);
    assert_int_equal(backhand_transport_open(&transport, destinations, on_problem, NULL, pool), APR_SUCCESS);
    if (all) {
        *all = destinations;
    }
    return transport;
}

static int hears(backhand_transport *transport, heard *h)
{
    apr_time_t until = deadline();
    h->count = 0;
    while (h->count == 0 && apr_time_now() < until) {
        backhand_transport_poll(transport, apr_time_from_msec(10), -1, on_datagram, h);
    }
    return h->count;
}

static int hears_nothing(backhand_transport *transport, heard *h)
{
    h->count = 0;
    backhand_transport_poll(transport, 0, -1, on_datagram, h);
    return h->count == 0;
}

static int open_files(void)
{
    DIR *dir = opendir("/proc/self/fd");
    int n = 0;
    while (readdir(dir)) {
        n++;
    }
    closedir(dir);
    return n;
}

static void addresses_come_and_go(void **state)
{
    apr_array_header_t *all;
    const char *name = apr_psprintf(pool, "farm.test:%d", port);
    backhand_transport *a = make("127.0.0.1", name, &all);
    backhand_transport *b = make("127.0.0.2", apr_psprintf(pool, "127.0.0.9:%d", port), NULL);
    backhand_transport *c = make("127.0.0.3", apr_psprintf(pool, "127.0.0.9:%d", port), NULL);
    const backhand_destination *farm = &APR_ARRAY_IDX(all, 0, backhand_destination);
    backhand_found found = {0};
    heard h;
    char source[48];
    int before;
    (void)state;

    /* Before the answer: it hears, and announces to nobody. */
    assert_int_equal(backhand_transport_source(a, source), APR_INCOMPLETE);
    assert_int_equal(backhand_transport_send(a, "x", 1, NULL), APR_SUCCESS);
    before = open_files();

    find(&found, "127.0.0.2", port);
    find(&found, "127.0.0.1", port);
    assert_int_equal(backhand_transport_name(a, farm, &found, on_problem, NULL), 1);
    assert_int_equal(backhand_transport_name(a, farm, &found, on_problem, NULL), 0);
    assert_int_equal(backhand_transport_source(a, source), APR_SUCCESS);
    assert_string_equal(source, "127.0.0.1");
    assert_int_equal(backhand_transport_send(a, "x", 1, NULL), APR_SUCCESS);
    assert_true(hears(b, &h));
    assert_string_equal(h.from, "127.0.0.1");
    assert_true(hears(a, &h)); /* its own, by its own name */
    assert_true(hears_nothing(c, &h));

    found.count = 0;
    find(&found, "127.0.0.3", port);
    assert_int_equal(backhand_transport_name(a, farm, &found, on_problem, NULL), 1);
    assert_int_equal(backhand_transport_send(a, "x", 1, NULL), APR_SUCCESS);
    assert_true(hears(c, &h));
    assert_true(hears_nothing(b, &h));
    assert_int_equal(open_files(), before);

    /* What does not fit the own address is left out. */
    found.count = 0;
    backhand_found_add(&found, (const struct sockaddr *)&(struct sockaddr_in6){.sin6_family = AF_INET6}, port);
    assert_int_equal(backhand_transport_name(a, farm, &found, on_problem, NULL), 0);
    assert_int_equal(backhand_transport_send(a, "x", 1, NULL), APR_SUCCESS);
}

static void ports_of_records_are_heard(void **state)
{
    apr_array_header_t *all;
    backhand_transport *a = make("127.0.0.1", "_backhand._udp.farm.test", &all);
    backhand_transport *b = make("127.0.0.2", apr_psprintf(pool, "127.0.0.1:%d", port), NULL);
    const backhand_destination *farm = &APR_ARRAY_IDX(all, 0, backhand_destination);
    backhand_found found = {0};
    heard h;
    int before = open_files();
    (void)state;
    find(&found, "127.0.0.2", port);
    assert_int_equal(backhand_transport_name(a, farm, &found, on_problem, NULL), 1);
    assert_int_equal(backhand_transport_send(a, "x", 1, NULL), APR_SUCCESS);
    assert_true(hears(b, &h));
    assert_int_equal(backhand_transport_send(b, "x", 1, NULL), APR_SUCCESS);
    assert_true(hears(a, &h));
    found.count = 0;
    backhand_transport_name(a, farm, &found, on_problem, NULL);
    assert_int_equal(open_files(), before);
}

static void groups_may_have_names(void **state)
{
    apr_array_header_t *all;
    backhand_transport *a = make("127.0.0.1", apr_psprintf(pool, "group.test:%d", port), &all);
    backhand_transport *b = make("127.0.0.2", apr_psprintf(pool, "239.255.0.1:%d", port), NULL);
    backhand_found found = {0};
    heard h;
    (void)state;
    find(&found, "239.255.0.1", port);
    assert_int_equal(backhand_transport_name(a, &APR_ARRAY_IDX(all, 0, backhand_destination), &found, on_problem, NULL),
                     1);
    assert_int_equal(backhand_transport_send(a, "x", 1, NULL), APR_SUCCESS);
    assert_true(hears(b, &h));
    assert_true(backhand_transport_covers(b, h.place, (struct sockaddr *)&h.sender.sa));
    /* A member of a group that has an own address hears what is for it alone. */
    assert_true(hears(a, &h));
    assert_true(hears_nothing(b, &h));
    backhand_transport_answer(a, h.place,
                              (const struct sockaddr *)&(struct sockaddr_in){.sin_family = AF_INET,
                                                                             .sin_addr.s_addr = inet_addr("127.0.0.2")},
                              "y", 1);
    assert_true(hears(b, &h));
    assert_string_equal(h.from, "127.0.0.1");
    assert_true(hears_nothing(a, &h));
}

static void answers_reach_who_asked(void **state)
{
    backhand_transport *a = make("127.0.0.1", apr_psprintf(pool, "127.0.0.2:%d", port), NULL);
    backhand_transport *b = make("127.0.0.2", apr_psprintf(pool, "127.0.0.3:%d", port), NULL);
    heard h;
    (void)state;
    assert_int_equal(backhand_transport_send(a, "x", 1, NULL), APR_SUCCESS);
    assert_true(hears(b, &h));
    assert_int_equal(h.sender.port, port);
    assert_false(backhand_transport_covers(b, h.place, (struct sockaddr *)&h.sender.sa));
    backhand_transport_answer(b, h.place, (struct sockaddr *)&h.sender.sa, "y", 1);
    assert_true(hears(a, &h));
    assert_string_equal(h.from, "127.0.0.2");
    assert_true(backhand_transport_covers(a, h.place, (struct sockaddr *)&h.sender.sa));
    backhand_transport_answer(b, 9999, (struct sockaddr *)&h.sender.sa, "y", 1);
    backhand_transport_answer(b, -1, (struct sockaddr *)&h.sender.sa, "y", 1);
    assert_true(hears_nothing(a, &h));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_question_is_answered_again_and_again),
        TEST(failure_is_told_and_asked_again_soon),
        TEST(a_slow_lookup_delays_nobody),
        TEST(signals_are_for_the_caller),
        TEST(localhost_is_found),
        TEST(no_more_than_there_is_room_for),
        TEST(addresses_come_and_go),
        TEST(ports_of_records_are_heard),
        TEST(groups_may_have_names),
        TEST(answers_reach_who_asked),
    };
    apr_initialize();
    return cmocka_run_group_tests_name("resolver", tests, NULL, NULL);
}
