/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* Marks of handed-off requests: what is written is read, and only what was signed for a request is believed. */

#include "act/received/mark.h"

#include <apr_general.h>
#include <apr_strings.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define PLAIN   "v=1&client=192.0.2.7:40312&scheme=http&port=8080"
#define NOW     apr_time_from_sec(1700000000)
#define SKEW    apr_time_from_sec(30)
#define MESSAGE "it was stamped too long ago or ahead of time"

static apr_pool_t *pool;
static backhand_keys *keys;
static const backhand_signed_request signed_request = {"http://192.0.2.1:80", "GET", "example.com", "/a?b"};

static int start(void **state)
{
    static const char key[] = "0123456789abcdef0123456789abcdef";
    (void)state;
    return apr_pool_create(&pool, NULL) != APR_SUCCESS ||
           backhand_keys_parse(&keys, key, strlen(key), "secret", pool) != NULL;
}

static int finish(void **state)
{
    (void)state;
    apr_pool_destroy(pool);
    return 0;
}

static void what_is_written_is_read(void **state)
{
    static const char *const marks[] = {
        PLAIN,
        "v=1&client=[2001:db8::7]:1&scheme=https&port=65535",
        PLAIN "&protocol=HTTP/1.0&host=none",
        PLAIN "&authority=http://user@www.example.com:81",
        PLAIN "&protocol=HTTP/2.0&authority=http://[::1]&host=none",
        PLAIN "&host=empty",
        PLAIN "&prefix=http:",
        PLAIN "&prefix=http://a%26b@host",
        PLAIN "&connection=",
        PLAIN "&connection=close,%20Backhand-Proxied",
        PLAIN "&host=none&connection=%26again=1%25%09%FC&again=1",
        PLAIN "&id=Zx-_@1&user=joe&auth=Digest&nonce=0123456789abcdef",
        PLAIN "&user=",
        PLAIN "&user=a%20b%26user=root%25&auth=form",
        PLAIN "&user=J%C3%BCrgen",
        PLAIN "&lost=192.0.2.3:8080",
        PLAIN "&again=1&lost=[2001:db8::3]:80",
    };
    backhand_mark mark;
    (void)state;
    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        assert_true(backhand_mark_read(&mark, marks[i], pool));
        assert_string_equal(backhand_mark_write(&mark, pool), marks[i]);
    }
    assert_true(backhand_mark_read(&mark, "x&port=1&=&scheme=http&v=1&new=2&client=[::ffff:192.0.2.7]:5", pool));
    assert_string_equal(backhand_mark_write(&mark, pool), "v=1&client=192.0.2.7:5&scheme=http&port=1");
}

static void what_no_server_writes_is_not_read(void **state)
{
    static const char *const wrong[] = {
        "",
        "&",
        "v=2&client=192.0.2.7:40312&scheme=http&port=8080",
        "client=192.0.2.7:40312&scheme=http&port=8080",
        "v=1&v=1&client=192.0.2.7:40312&scheme=http&port=8080",
        "v=1&scheme=http&port=8080",
        "v=1&client=&scheme=http&port=8080",
        "v=1&client=www.example.com:1&scheme=http&port=8080",
        "v=1&client=http://192.0.2.7:40312&scheme=http&port=8080",
        "v=1&client=192.0.2.7:0&scheme=http&port=8080",
        "v=1&client=192.0.2.7:40312&port=8080",
        PLAIN "&lost=",
        PLAIN "&lost=www.example.com:80",
        PLAIN "&lost=http://192.0.2.3:80",
        "v=1&client=192.0.2.7:40312&scheme=ftp&port=8080",
        "v=1&client=192.0.2.7:40312&scheme=http",
        "v=1&client=192.0.2.7:40312&scheme=http&port=",
        "v=1&client=192.0.2.7:40312&scheme=http&port=0",
        "v=1&client=192.0.2.7:40312&scheme=http&port=65536",
        "v=1&client=192.0.2.7:40312&scheme=http&port=4294967376",
        "v=1&client=192.0.2.7:40312&scheme=http&port=+80",
        "v=1&client=192.0.2.7:40312&scheme=http&port=80x",
        PLAIN "&protocol=",
        PLAIN "&protocol=HTTP/1.0 x",
        PLAIN "&authority=http",
        PLAIN "&authority=://x",
        PLAIN "&authority=http://x/y",
        PLAIN "&authority=http://x\ty",
        PLAIN "&authority=http://x y",
        PLAIN "&prefix=",
        PLAIN "&prefix=/a",
        PLAIN "&prefix=:",
        PLAIN "&prefix=http:/",
        PLAIN "&prefix=http:x",
        PLAIN "&prefix=http://x/y",
        PLAIN "&prefix=http://x%20y",
        PLAIN "&prefix=http://x%0Ay",
        PLAIN "&connection=close%0D%0AX:%20y",
        PLAIN "&connection=close%00",
        PLAIN "&connection=close%",
        PLAIN "&connection=close%2",
        PLAIN "&connection=close%2g",
        PLAIN "&user=%0A",
        PLAIN "&user=%00",
        PLAIN "&user=joe%",
        PLAIN "&user=joe&auth=",
        PLAIN "&user=joe&auth=a b",
        PLAIN "&user=joe&nonce=",
        PLAIN "&id=",
        PLAIN "&id=a\tb",
    };
    backhand_mark mark;
    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        if (backhand_mark_read(&mark, wrong[i], pool)) {
            fail_msg("%s was read", wrong[i]);
        }
    }
}

static void a_mark_can_be_read_whatever_a_request_says(void **state)
{
    static const char *const texts[] = {"", "HTTP/1.0&v=2", "HTTP/1.0 x", "a\x7f", "http://a b", "http:a&host=none"};
    backhand_mark mark = {.client = {0, 1, "fe80::1%eth0"}, .port = 80}, heard;
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        mark.protocol = mark.authority = texts[i];
        assert_true(backhand_mark_read(&heard, backhand_mark_write(&mark, pool), pool));
        assert_null(heard.protocol);
        assert_null(heard.authority);
        assert_false(heard.no_host);
        assert_string_equal(heard.client.address, "fe80::1");
    }
}

/* An earlier release ignores the new keys; what it writes is read. */
static void texts_have_a_bound(void **state)
{
    char text[BACKHAND_MARK_TEXT_MAX + 2];
    backhand_mark mark = {.client = {0, 1, "192.0.2.7"}, .port = 80, .connection = text}, heard;
    (void)state;
    memset(text, '%', sizeof(text));
    text[BACKHAND_MARK_TEXT_MAX] = '\0';
    assert_true(backhand_mark_read(&heard, backhand_mark_write(&mark, pool), pool));
    assert_string_equal(heard.connection, text);
    text[BACKHAND_MARK_TEXT_MAX] = 'x';
    text[BACKHAND_MARK_TEXT_MAX + 1] = '\0';
    assert_true(backhand_mark_read(&heard, backhand_mark_write(&mark, pool), pool));
    assert_null(heard.connection);
    memset(text, 'x', sizeof(text) - 1);
    assert_false(backhand_mark_read(&heard, apr_pstrcat(pool, PLAIN "&connection=", text, NULL), pool));
}

static const char *verify(const char *text, const backhand_signed_request *e, apr_time_t now)
{
    return backhand_mark_verify(text, e, keys, SKEW, now, pool);
}

static void marks_are_believed_for_one_errand(void **state)
{
    const char *text = backhand_mark_seal(PLAIN, &signed_request, keys, NOW, pool);
    backhand_signed_request other[5];
    backhand_mark mark;
    (void)state;
    assert_null(verify(text, &signed_request, NOW));
    assert_true(backhand_mark_read(&mark, text, pool));
    assert_true(backhand_mark_signed(text));
    assert_false(backhand_mark_signed(PLAIN));
    assert_non_null(verify(PLAIN, &signed_request, NOW));
    for (int i = 0; i < 5; i++) {
        other[i] = signed_request;
    }
    other[0].contact = "http://192.0.2.2:80";
    other[1].contact = NULL;
    other[2].method = "POST";
    other[3].host = NULL;
    other[4].target = "/a?c";
    for (int i = 0; i < 5; i++) {
        assert_non_null(verify(text, &other[i], NOW));
    }
    assert_non_null(verify(apr_pstrcat(pool, text, "&host=none", NULL), &signed_request, NOW));
    assert_non_null(verify(apr_pstrcat(pool, "x=1&", text, NULL), &signed_request, NOW));
}

static void marks_are_believed_for_a_while(void **state)
{
    const char *text = backhand_mark_seal(PLAIN, &signed_request, keys, NOW, pool);
    (void)state;
    assert_null(verify(text, &signed_request, NOW + SKEW));
    assert_null(verify(text, &signed_request, NOW - SKEW));
    assert_string_equal(verify(text, &signed_request, NOW + SKEW + 1), MESSAGE);
    assert_string_equal(verify(text, &signed_request, NOW - SKEW - 1), MESSAGE);
    /* The last one counts. */
    text = backhand_mark_seal(PLAIN "&time=1", &signed_request, keys, NOW, pool);
    assert_null(verify(text, &signed_request, NOW));
}

/* By whoever has the key: the number must not overflow. */
static void impossible_times_are_wrong(void **state)
{
    static const char *const times[] = {"", "&time=", "&time=-1", "&time=9223372036854775807", "&time=1700000000000x"};
    char signature[BACKHAND_SIGNATURE_SIZE];
    (void)state;
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        const char *mark = apr_pstrcat(pool, PLAIN, times[i], NULL);
        const char *whole = apr_pstrcat(pool, mark, "\nhttp://192.0.2.1:80\nGET\nexample.com\n/a?b", NULL);
        assert_int_equal(backhand_keys_sign(keys, "hand-off", whole, strlen(whole), signature), APR_SUCCESS);
        assert_string_equal(verify(apr_pstrcat(pool, mark, "&sig=", signature, NULL), &signed_request, NOW), MESSAGE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(what_no_server_writes_is_not_read),
        cmocka_unit_test(a_mark_can_be_read_whatever_a_request_says),
        cmocka_unit_test(texts_have_a_bound),
        cmocka_unit_test(marks_are_believed_for_one_errand),
        cmocka_unit_test(marks_are_believed_for_a_while),
        cmocka_unit_test(impossible_times_are_wrong),
    };
    int failed;
    apr_initialize();
    failed = cmocka_run_group_tests_name("mark", tests, start, finish);
    apr_terminate();
    return failed;
}
