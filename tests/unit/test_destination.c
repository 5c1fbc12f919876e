/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* The words of MulticastStats. */

#include "announcements.h"

#include "announce/net/destination.h"

#include <apr_general.h>

static apr_pool_t *pool;

static int start(void **state)
{
    (void)state;
    apr_pool_create(&pool, NULL);
    return 0;
}

static int finish(void **state)
{
    (void)state;
    apr_pool_destroy(pool);
    return 0;
}

static void words_are_read(void **state)
{
    static const struct {
        const char *first, *second, *address, *from;
        int port, ttl, from_port;
    } cases[] = {
        {"239.255.0.1:4445", NULL, "239.255.0.1", NULL, 4445, 1, 0},
        {"239.255.0.1:4445,32", NULL, "239.255.0.1", NULL, 4445, 32, 0},
        {"239.255.0.1:4445,0", NULL, "239.255.0.1", NULL, 4445, 0, 0},
        {"192.0.2.1", "192.0.2.255:4445", "192.0.2.255", "192.0.2.1", 4445, 1, 0},
        {"192.0.2.1:8080", "239.255.0.1:1,255", "239.255.0.1", "192.0.2.1", 1, 255, 8080},
        {"[2001:db8::1]:80", "[ff15::4445]:65535", "ff15::4445", "2001:db8::1", 65535, 1, 80},
        {"2001:db8::1", "[2001:DB8:0::2]:4445", "2001:db8::2", "2001:db8::1", 4445, 1, 0},
        {"[2001:db8::1]", "[2001:db8::2]:4445", "2001:db8::2", "2001:db8::1", 4445, 1, 0},
        {"[ff02::4445%lo]:4445", NULL, "ff02::4445%lo", NULL, 4445, 1, 0},
        {"2001:db8::1", "[ff02::4445]:4445", "ff02::4445", "2001:db8::1", 4445, 1, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        backhand_destination out;
        const char *problem = backhand_destination_parse(&out, cases[i].first, cases[i].second, pool);
        if (problem) {
            fail_msg("%s: %s", cases[i].first, problem);
        }
        assert_string_equal(out.address, cases[i].address);
        assert_null(out.name);
        assert_int_equal(out.port, cases[i].port);
        assert_int_equal(out.ttl, cases[i].ttl);
        assert_int_equal(out.from_port, cases[i].from_port);
        assert_int_equal(!!out.from, !!cases[i].from);
        if (out.from) {
            assert_string_equal(out.from, cases[i].from);
        }
        assert_non_null(strstr(out.text, cases[i].first));
    }
}

static void names_are_not_looked_up_here(void **state)
{
    static const struct {
        const char *first, *second, *name;
        int port, ttl;
    } cases[] = {
        {"farm.nowhere.invalid:4445", NULL, "farm.nowhere.invalid", 4445, 1},
        {"localhost:4445,7", NULL, "localhost", 4445, 7},
        {"192.0.2.1:80", "a_b-c.test.:1", "a_b-c.test.", 1, 1},
        {"2001:db8::1", "farm:65535", "farm", 65535, 1},
        {"_backhand._udp.example.com", NULL, "_backhand._udp.example.com", 0, 1},
        {"192.0.2.1", "_a._udp.b", "_a._udp.b", 0, 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        backhand_destination out;
        const char *problem = backhand_destination_parse(&out, cases[i].first, cases[i].second, pool);
        if (problem) {
            fail_msg("%s: %s", cases[i].first, problem);
        }
        assert_null(out.address);
        assert_string_equal(out.name, cases[i].name);
        assert_int_equal(out.port, cases[i].port);
        assert_int_equal(out.ttl, cases[i].ttl);
    }
}

static void senseless_words_are_refused(void **state)
{
    static const char *const wrong[][2] = {
        {"", NULL},
        {"4445", NULL},
        {"239.255.0.1", NULL},
        {"239.255.0.1:", NULL},
        {"239.255.0.1:0", NULL},
        {"239.255.0.1:65536", NULL},
        {"239.255.0.1:4445x", NULL},
        {"239.255.0.1:-1", NULL},
        {"239.255.0.1:4445,", NULL},
        {"239.255.0.1:4445,256", NULL},
        {"239.255.0.1:4445,-1", NULL},
        {"239.255.0.1:4445,1,1", NULL},
        {"239.255.0.1.1:4445", NULL},
        {"300.0.0.1:4445", NULL},
        {"0.0.0.0:4445", NULL},
        {":4445", NULL},
        {"ff15::4445:4445", NULL},
        {"[ff15::4445]", NULL},
        {"[ff15::4445:4445", NULL},
        {"[ff15::4445]4445", NULL},
        {"[239.255.0.1]:4445", NULL},
        {"[]:4445", NULL},
        {"239.255.0.1:4445", "192.0.2.1"},
        {"192.0.2.1:0", "239.255.0.1:4445"},
        {"192.0.2.1:99999", "239.255.0.1:4445"},
        {"0.0.0.0", "239.255.0.1:4445"},
        {"239.255.0.2", "239.255.0.1:4445"},
        {"2001:db8::1", "239.255.0.1:4445"},
        {"192.0.2.1", "[ff15::1]:4445"},
        {"", "239.255.0.1:4445"},
        {"[ff02::4445]:4445", NULL},
        {"farm.example.com", NULL},
        {"farm..example.com:4445", NULL},
        {".farm:4445", NULL},
        {"fa/rm:4445", NULL},
        {"123456789012345678901234567890123456789012345678901234567890abcd:4445", NULL},
        {"_backhand._udp.example.com:4445", NULL},
        {"_backhand.example.com", NULL},
        {"_backhand", NULL},
        {"_backhand._udp", NULL},
        {"_._udp.example..com", NULL},
    };
    char *endless = apr_palloc(pool, 5000);
    backhand_destination out;
    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        const char *problem = backhand_destination_parse(&out, wrong[i][0], wrong[i][1], pool);
        if (!problem) {
            fail_msg("%s %s was accepted", wrong[i][0], wrong[i][1] ? wrong[i][1] : "");
        }
        assert_non_null(strstr(problem, "239.255.0.1:4445"));
    }
    memset(endless, '1', 4999);
    endless[4999] = '\0';
    assert_non_null(backhand_destination_parse(&out, endless, NULL, pool));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(words_are_read),
        TEST(names_are_not_looked_up_here),
        TEST(senseless_words_are_refused),
    };
    apr_initialize();
    return cmocka_run_group_tests_name("destination", tests, NULL, NULL);
}
