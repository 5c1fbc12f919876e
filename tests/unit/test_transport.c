/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* Datagrams between sockets of this machine, by multicast, broadcast and unicast. */

#include "announcements.h"

#include "announce/net/transport.h"

#include <apr_general.h>
#include <apr_strings.h>

#include <arpa/inet.h>
#include <dirent.h>
#include <sys/socket.h>
#include <unistd.h>

#define ENDS 4

static apr_pool_t *pool;
static int port;
/* Another run of this test may talk to the same group. */
static char mark[32];

/* One server. */
typedef struct end {
    backhand_transport *transport;
    apr_array_header_t *destinations;
    int from[ENDS + 1]; /* datagrams of this run that came from 127.0.0.N */
    int others;
    apr_size_t length; /* of the last one */
    int problems;
    char problem[700];
} end;

static end ends[ENDS];

static int start(void **state)
{
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(any);
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    (void)state;
    apr_pool_create(&pool, NULL);
    memset(ends, 0, sizeof(ends));
    assert_int_equal(bind(fd, (struct sockaddr *)&any, size), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&any, &size), 0);
    close(fd);
    port = ntohs(any.sin_port);
    snprintf(mark, sizeof(mark), "%d-%d-", (int)getpid(), port);
    return 0;
}

static int finish(void **state)
{
    (void)state;
    apr_pool_destroy(pool);
    return 0;
}

static void on_problem(void *ctx, const char *text, apr_status_t rv)
{
    end *e = ctx;
    assert_int_not_equal(rv, APR_SUCCESS);
    e->problems++;
    apr_cpystrn(e->problem, text, sizeof(e->problem));
}

static void on_datagram(void *ctx, const char *data, apr_size_t length, apr_sockaddr_t *sender, int place)
{
    end *e = ctx;
    (void)place;
    char address[64];
    int n = 0;
    if (length < strlen(mark) || memcmp(data, mark, strlen(mark)) != 0) {
        return;
    }
    e->length = length;
    assert_int_equal(apr_sockaddr_ip_getbuf(address, sizeof(address), sender), APR_SUCCESS);
    if (sscanf(address, "127.0.0.%d", &n) == 1 && n >= 1 && n <= ENDS) {
        e->from[n]++;
    }
    else {
        e->others++;
    }
}

static void add(end *e, const char *from, const char *to)
{
    backhand_destination *destination;
    const char *problem;
    if (!e->destinations) {
        e->destinations = apr_array_make(pool, 8, sizeof(backhand_destination));
    }
    destination = apr_array_push(e->destinations);
    problem = from ? backhand_destination_parse(destination, from, to, pool)
                   : backhand_destination_parse(destination, to, NULL, pool);
    if (problem) {
        fail_msg("%s %s: %s", from ? from : "", to, problem);
    }
}

static apr_status_t open_end(end *e)
{
    return backhand_transport_open(&e->transport, e->destinations, on_problem, e, pool);
}

static void send_text(end *e, const char *text)
{
    char data[2000];
    int length = snprintf(data, sizeof(data), "%s%s", mark, text);
    assert_int_equal(backhand_transport_send(e->transport, data, (apr_size_t)length, NULL), APR_SUCCESS);
}

static apr_time_t deadline(void)
{
    const char *scale = getenv("BACKHAND_TEST_TIMEOUT_SCALE");
    return apr_time_now() + (apr_time_t)(apr_time_from_sec(5) * (scale ? atof(scale) : 1));
}

/* Every end hears every end, itself too, until `wanted` datagrams of each have come. */
static void assert_all_hear(int wanted)
{
    apr_time_t until = deadline();
    for (int i = 0; i < ENDS; i++) {
        for (int k = 1; k <= ENDS; k++) {
            while (ends[i].from[k] < wanted && apr_time_now() < until) {
                backhand_transport_poll(ends[i].transport, apr_time_from_msec(10), -1, on_datagram, &ends[i]);
            }
            assert_int_equal(ends[i].from[k], wanted);
        }
        assert_int_equal(ends[i].others, 0);
    }
}

static void everybody_hears_everybody(const char *const *to, int count)
{
    for (int i = 0; i < ENDS; i++) {
        for (int k = 0; k < count; k++) {
            add(&ends[i], apr_psprintf(pool, "127.0.0.%d:80", i + 1), apr_psprintf(pool, "%s:%d", to[k], port));
        }
        assert_int_equal(open_end(&ends[i]), APR_SUCCESS);
        assert_int_equal(ends[i].problems, 0);
    }
    for (int i = 0; i < ENDS; i++) {
        send_text(&ends[i], "hello");
    }
    assert_all_hear(1);
    for (int i = 0; i < ENDS; i++) {
        send_text(&ends[i], "again");
    }
    assert_all_hear(2);
}

static void multicast_reaches_all(void **state)
{
    static const char *const to[] = {"239.255.0.1"};
    (void)state;
    everybody_hears_everybody(to, 1);
}

static void broadcast_reaches_all(void **state)
{
    static const char *const to[] = {"127.255.255.255"};
    (void)state;
    everybody_hears_everybody(to, 1);
}

static void unicast_reaches_each(void **state)
{
    static const char *const to[] = {"127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4"};
    (void)state;
    everybody_hears_everybody(to, 4);
}

static void several_ways_at_once(void **state)
{
    (void)state;
    add(&ends[0], "127.0.0.1", apr_psprintf(pool, "239.255.0.1:%d", port));
    add(&ends[0], "127.0.0.1", apr_psprintf(pool, "239.255.0.1:%d,3", port));
    add(&ends[0], "127.0.0.1", apr_psprintf(pool, "127.255.255.255:%d", port));
    add(&ends[0], "127.0.0.1", apr_psprintf(pool, "127.0.0.1:%d", port));
    add(&ends[0], NULL, apr_psprintf(pool, "127.0.0.2:%d", port));
    assert_int_equal(open_end(&ends[0]), APR_SUCCESS);
    assert_string_equal(ends[0].problem, "");
    send_text(&ends[0], "hello");
    /* Twice to the group, once to the broadcast address, to itself, and to an address where a wildcard socket hears. */
    for (apr_time_t until = deadline(); ends[0].from[1] < 5 && apr_time_now() < until;) {
        backhand_transport_poll(ends[0].transport, apr_time_from_msec(10), -1, on_datagram, &ends[0]);
    }
    assert_true(ends[0].from[1] >= 5);
}

static void without_own_address_the_kernel_chooses(void **state)
{
    char source[48];
    (void)state;
    add(&ends[0], NULL, apr_psprintf(pool, "127.0.0.3:%d", port));
    assert_int_equal(open_end(&ends[0]), APR_SUCCESS);
    assert_int_equal(backhand_transport_source(ends[0].transport, source), APR_SUCCESS);
    assert_string_equal(source, "127.0.0.1");
    send_text(&ends[0], "hello");
    for (apr_time_t until = deadline(); ends[0].from[1] < 1 && apr_time_now() < until;) {
        backhand_transport_poll(ends[0].transport, apr_time_from_msec(10), -1, on_datagram, &ends[0]);
    }
    assert_int_equal(ends[0].from[1], 1);
    add(&ends[1], "127.0.0.4", apr_psprintf(pool, "127.0.0.3:%d", port));
    assert_int_equal(open_end(&ends[1]), APR_SUCCESS);
    assert_int_equal(backhand_transport_source(ends[1].transport, source), APR_SUCCESS);
    assert_string_equal(source, "127.0.0.4");
}

static void ipv6_by_unicast(void **state)
{
    int fd = socket(AF_INET6, SOCK_DGRAM, 0);
    struct sockaddr_in6 own = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    int there = fd >= 0 && bind(fd, (struct sockaddr *)&own, sizeof(own)) == 0;
    (void)state;
    close(fd);
    if (!there) {
        skip();
    }
    add(&ends[0], "[::1]:80", apr_psprintf(pool, "[::1]:%d", port));
    assert_int_equal(open_end(&ends[0]), APR_SUCCESS);
    send_text(&ends[0], "hello");
    for (apr_time_t until = deadline(); ends[0].others < 1 && apr_time_now() < until;) {
        backhand_transport_poll(ends[0].transport, apr_time_from_msec(10), -1, on_datagram, &ends[0]);
    }
    assert_int_equal(ends[0].others, 1);
}

static void long_datagrams_are_seen_as_long(void **state)
{
    char text[1501];
    (void)state;
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    add(&ends[0], "127.0.0.1", apr_psprintf(pool, "127.0.0.1:%d", port));
    assert_int_equal(open_end(&ends[0]), APR_SUCCESS);
    for (int length = BACKHAND_MESSAGE_SIZE - 3; length < BACKHAND_MESSAGE_SIZE + 3; length++) {
        ends[0].length = 0;
        text[length - (int)strlen(mark)] = '\0';
        send_text(&ends[0], text);
        text[length - (int)strlen(mark)] = 'x';
        for (apr_time_t until = deadline(); !ends[0].length && apr_time_now() < until;) {
            backhand_transport_poll(ends[0].transport, apr_time_from_msec(10), -1, on_datagram, &ends[0]);
        }
        assert_int_equal(ends[0].length, length < BACKHAND_MESSAGE_SIZE ? length : BACKHAND_MESSAGE_SIZE);
    }
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

static void problems_are_told_and_repaired(void **state)
{
    int taken = socket(AF_INET, SOCK_DGRAM, 0), before;
    struct sockaddr_in own = {.sin_family = AF_INET, .sin_port = htons((in_port_t)port)};
    (void)state;
    own.sin_addr.s_addr = inet_addr("127.0.0.1");
    assert_int_equal(bind(taken, (struct sockaddr *)&own, sizeof(own)), 0);
    before = open_files();
    add(&ends[0], "127.0.0.1", apr_psprintf(pool, "127.0.0.2:%d", port));
    assert_int_equal(open_end(&ends[0]), APR_SUCCESS);
    assert_int_equal(ends[0].problems, 1);
    assert_non_null(strstr(ends[0].problem, "127.0.0.2"));
    assert_int_equal(backhand_transport_repair(ends[0].transport, NULL, NULL), 1);
    send_text(&ends[0], "sending works all the same");
    close(taken);
    assert_int_equal(backhand_transport_repair(ends[0].transport, NULL, NULL), 0);
    assert_int_equal(open_files(), before + 1);

    add(&ends[1], "192.0.2.213", apr_psprintf(pool, "192.0.2.214:%d", port));
    assert_int_not_equal(open_end(&ends[1]), APR_SUCCESS);
    assert_true(ends[1].problems > 0);
    assert_int_equal(backhand_transport_poll(ends[1].transport, 1000, -1, on_datagram, &ends[1]), APR_TIMEUP);
    assert_int_equal(backhand_transport_send(ends[1].transport, "x", 1, NULL), APR_SUCCESS);
    apr_pool_clear(pool);
    assert_true(open_files() <= before - 1);
}

static void nothing_configured_is_silent(void **state)
{
    char source[48];
    int ends_of_pipe[2];
    (void)state;
    ends[0].destinations = apr_array_make(pool, 1, sizeof(backhand_destination));
    assert_int_equal(open_end(&ends[0]), APR_SUCCESS);
    assert_int_equal(backhand_transport_send(ends[0].transport, "x", 1, NULL), APR_SUCCESS);
    assert_int_not_equal(backhand_transport_source(ends[0].transport, source), APR_SUCCESS);
    assert_int_equal(pipe(ends_of_pipe), 0);
    assert_int_equal(backhand_transport_poll(ends[0].transport, 1000, ends_of_pipe[0], on_datagram, &ends[0]),
                     APR_TIMEUP);
    assert_int_equal(write(ends_of_pipe[1], "x", 1), 1);
    assert_int_equal(
        backhand_transport_poll(ends[0].transport, apr_time_from_sec(5), ends_of_pipe[0], on_datagram, &ends[0]),
        APR_SUCCESS);
    close(ends_of_pipe[0]);
    close(ends_of_pipe[1]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(multicast_reaches_all),
        TEST(broadcast_reaches_all),
        TEST(unicast_reaches_each),
        TEST(several_ways_at_once),
        TEST(without_own_address_the_kernel_chooses),
        TEST(ipv6_by_unicast),
        TEST(long_datagrams_are_seen_as_long),
        TEST(problems_are_told_and_repaired),
        TEST(nothing_configured_is_silent),
    };
    apr_initialize();
    return cmocka_run_group_tests_name("transport", tests, NULL, NULL);
}
