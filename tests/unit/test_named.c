/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* The addresses that the name of a destination stands for. */

#include "names_fixture.h"

#include "announce/net/transport.h"

#include <dirent.h>

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

    /* Addresses that do not fit the own address are left out. */
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(addresses_come_and_go),
        TEST(ports_of_records_are_heard),
        TEST(groups_may_have_names),
        TEST(answers_reach_who_asked),
    };
    apr_initialize();
    return cmocka_run_group_tests_name("named", tests, NULL, NULL);
}
