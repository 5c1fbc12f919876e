/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* The URL that a client asks for, cut out of its request line, and the URL that it is sent to. */

#include "act/request/location.h"

#include <apr_general.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static apr_pool_t *pool;

static int start(void **state)
{
    (void)state;
    return apr_pool_create(&pool, NULL) != APR_SUCCESS;
}

static int finish(void **state)
{
    (void)state;
    apr_pool_destroy(pool);
    return 0;
}

static void targets_are_as_received(void **state)
{
    static const char *const cases[][2] = {
        {"GET / HTTP/1.1", "/"},
        {"GET /a%20b?c=d&e HTTP/1.1", "/a%20b?c=d&e"},
        {"GET //a HTTP/1.0", "//a"},
        {"GET  /a b HTTP/1.0", "/a b"},
        {"GET /a", "/a"},
        {"OPTIONS * HTTP/1.1", "*"},
        {"GET http://www.example.com/a?b HTTP/1.1", "/a?b"},
        {"GET http://www.example.com HTTP/1.1", "/"},
        {"GET http://www.example.com?b HTTP/1.1", "/?b"},
        {"GET www.example.com HTTP/1.1", "/"},
        {"GET http:/a?b HTTP/1.1", "/a?b"},
        {"GET http:/public?://h/private HTTP/1.1", "/public?://h/private"},
        {"GET /public?http://h/private HTTP/1.1", "/public?http://h/private"},
        {"GET http://h?://x/private HTTP/1.1", "/?://x/private"},
        {"GET http://h/a://x/private HTTP/1.1", "/a://x/private"},
        {"GET http:///a HTTP/1.1", "/a"},
        {"GET http:?b HTTP/1.1", "/?b"},
        {"GET //h/a HTTP/1.1", "//h/a"},
        {"GET http://u:p@[::1]:81/a HTTP/1.1", "/a"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_string_equal(backhand_location_target(cases[i][0], pool), cases[i][1]);
    }
}

static void lines_may_have_none(void **state)
{
    (void)state;
    assert_null(backhand_location_target(NULL, pool));
    assert_null(backhand_location_target("", pool));
    assert_null(backhand_location_target("GET", pool));
    assert_null(backhand_location_target("GET  ", pool));
}

static void locations_are_written(void **state)
{
    (void)state;
    assert_string_equal(backhand_location_write(0, "192.0.2.1", 80, "/a?b", pool), "http://192.0.2.1/a?b");
    assert_string_equal(backhand_location_write(0, "192.0.2.1", 443, "/", pool), "http://192.0.2.1:443/");
    assert_string_equal(backhand_location_write(1, "[2001:db8::1]", 443, "/", pool), "https://[2001:db8::1]/");
    assert_string_equal(backhand_location_write(1, "a", 80, "*", pool), "https://a:80/");
    assert_string_equal(backhand_location_write(0, "a", 80, "/\r\nX: \x7f\xe4%20", pool),
                        "http://a/%0D%0AX:%20%7F%E4%20");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(targets_are_as_received),
        cmocka_unit_test(lines_may_have_none),
        cmocka_unit_test(locations_are_written),
    };
    apr_initialize();
    return cmocka_run_group_tests_name("location", tests, start, finish);
}
