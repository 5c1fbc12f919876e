/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* Names that HTTPRedirectToName makes, and redirects on their way through a chain. */

#include "candidates.h"

#include <stdio.h>

#include "candidacy/name_format.h"

static const char *make(const char *format, const char *hostname, const char *host)
{
    static char out[BACKHAND_NAME_SIZE + 1];
    memset(out, 'x', sizeof(out));
    if (!backhand_name_make(out, format, hostname, host)) {
        assert_int_equal(out[0], '\0');
        return NULL;
    }
    assert_int_equal(out[BACKHAND_NAME_SIZE], 'x');
    return out;
}

static void formats_make_names(void **state)
{
    static const char *const cases[][2] = {
        {"%S", "a.east.example.com"},
        {"%H", "www.example.org"},
        {"%1S", "a"},
        {"%2S", "a.east"},
        {"%4S", "a.east.example.com"},
        {"%9S", "a.east.example.com"},
        {"%-1S", "east.example.com"},
        {"%-2S", "example.com"},
        {"%-3S", "com"},
        {"%1S.%-1H", "a.example.org"},
        {"%1S-%2S.x_Y.Z9", "a-a.east.x_Y.Z9"},
        {"static.example.net", "static.example.net"},
        {"%%41%1S", "%41a"},
        {"%127H", "www.example.org"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_null(backhand_name_check(cases[i][0]));
        assert_string_equal(make(cases[i][0], "a.east.example.com", "www.example.org"), cases[i][1]);
    }
    assert_string_equal(make(NULL, "a.east.example.com", NULL), "a.east.example.com");
    assert_string_equal(make("%H", "a", "www.example.org."), "www.example.org.");
    assert_string_equal(make("%H", "a", "192.0.2.1"), "192.0.2.1");
    assert_string_equal(make("%H", "a", "2001:db8::1"), "[2001:db8::1]");
    assert_string_equal(make("%H", "a", "[2001:db8::1]"), "[2001:db8::1]");
    assert_string_equal(make("%2S", "2001:db8::1", NULL), "[2001:db8::1]");
}

static void bad_formats_are_found(void **state)
{
    static const char *const wrong[] = {"",
                                        "%",
                                        "%s",
                                        "%0S",
                                        "%128S",
                                        "%-S",
                                        "%-0H",
                                        "%2%",
                                        "%-%",
                                        "%2",
                                        "%2 S",
                                        "a b",
                                        "a/b",
                                        "a:80",
                                        "a@b",
                                        "%S/x",
                                        "%S?x",
                                        "%S#x",
                                        "\\",
                                        "%Sä",
                                        "%--1S",
                                        "%1",
                                        "%99999999999999S",
                                        "a\r\nb"};
    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        const char *right = backhand_name_check(wrong[i]);
        assert_non_null(right);
        assert_ptr_equal(strstr(right, "takes "), right);
    }
}

/* No text from the client or from another server gets out of the host of a URL. */
static void what_is_no_host_makes_no_name(void **state)
{
    static const char *const hosts[] = {"",       "a/b", "a b",  "a@b", "a\r\nb", "a:80",     "[::1",  "::1]",
                                        "[::1]x", "[a]", "a?b",  "a#b", "a\\b",   "%",        "%4",    "%4x",
                                        "..",     ".a",  "a..b", "-a",  "\x80",   "[::1]:80", "a:b:c", "[fe80::1%25x]",
                                        "a\tb",   "<a>"};
    char overlong[BACKHAND_NAME_SIZE + 1];
    (void)state;
    for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        assert_null(make("%H", "a", hosts[i]));
        assert_null(make("%S", hosts[i], "a"));
    }
    assert_null(make("%H", "a", NULL));
    assert_null(make("%-1S", "a", NULL));
    assert_null(make("%-2S", "a.b", NULL));
    memset(overlong, 'a', sizeof(overlong));
    overlong[BACKHAND_NAME_SIZE] = '\0';
    assert_null(make("%S", overlong, NULL));
    overlong[BACKHAND_NAME_SIZE - 1] = '\0';
    assert_string_equal(make("%S", overlong, NULL), overlong);
    assert_null(make("%S%S", overlong, NULL));
}

static void whatever_comes_out_is_a_host(void **state)
{
    static const char letters[] = "aZ9.-_%:[]SH/\\@ \r\n?#\x80";
    (void)state;
    for (int round = 0; round < 200000; round++) {
        char text[3][12];
        for (int t = 0; t < 3; t++) {
            uint32_t length = backhand_random_below(sizeof(text[0]));
            for (uint32_t i = 0; i < length; i++) {
                text[t][i] = letters[backhand_random_below(sizeof(letters) - 1)];
            }
            text[t][length] = '\0';
        }
        const char *name = make(text[0], text[1], text[2]);
        if (name) {
            assert_true(*name && strspn(name, "aZ9.-_%:[]SH") == strlen(name));
            assert_true(!strpbrk(name, ":[]") || (name[0] == '[' && name[strlen(name) - 1] == ']'));
        }
    }
}

/* --- redirects --------------------------------------------------------------------------------------------- */

static backhand_candidates out = {.list = list};

static void run(const char *const functions[][2], int count)
{
    backhand_chain chain = {NULL, NULL, 0};
    for (int i = 0; i < count; i++) {
        backhand_function f = {.name = functions[i][0], .call = backhand_builtin_find(functions[i][0])->call};
        f.arg = functions[i][1] ? apr_pstrdup(pool, functions[i][1]) : NULL;
        backhand_chain_append(&chain, &f, pool);
    }
    assert_int_equal(backhand_chain_run(&chain, table, NULL, &out, NULL, NULL), count);
}

static void redirects_travel(void **state)
{
    static const char *const chain[][2] = {{"HTTPRedirectToIP", NULL}, {"byRandom", NULL}, {"byLoad", NULL},
                                           {"byWeight", NULL},         {"byCost", NULL},   {"byLogWindow", NULL},
                                           {"addSelf", NULL}};
    int self = 0;
    (void)state;
    run(chain, 7);
    for (int i = 0; i < out.n; i++) {
        assert_int_equal(list[i].redirect, list[i].id ? BACKHAND_REDIRECT_IP : BACKHAND_HANDOFF);
        self += list[i].id == 0;
    }
    assert_int_equal(self, 1);
    assert_null(out.name_format);
    assert_null(backhand_chain_current());
}

static void the_last_redirect_counts(void **state)
{
    static const char *const chain[][2] = {
        {"HTTPRedirectToName", "%2S.x"}, {"HTTPRedirectToIP", NULL}, {"HTTPRedirectToName", "%H"}};
    static const char *const none[][2] = {{"byRandom", NULL}};
    (void)state;
    run(chain, 2);
    assert_int_equal(list[1].redirect, BACKHAND_REDIRECT_IP);
    run(chain, 3);
    assert_int_equal(list[0].redirect, BACKHAND_HANDOFF);
    assert_int_equal(list[1].redirect, BACKHAND_REDIRECT_NAME);
    assert_string_equal(out.name_format, "%H");
    run(none, 1);
    assert_null(out.name_format);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(formats_make_names),
        cmocka_unit_test(bad_formats_are_found),
        cmocka_unit_test(what_is_no_host_makes_no_name),
        cmocka_unit_test(whatever_comes_out_is_a_host),
        cmocka_unit_test(redirects_travel),
        cmocka_unit_test(the_last_redirect_counts),
    };
    return cmocka_run_group_tests_name("names", tests, setup, teardown);
}
