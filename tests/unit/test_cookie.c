/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* BackhandSessionCookie: what its words make of the cookie, and which are refused. */

#include "config/cookie.h"

#include <apr_general.h>
#include <apr_strings.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static apr_pool_t *pool;

static int start(void **state)
{
    (void)state;
    return apr_initialize() != APR_SUCCESS || apr_pool_create(&pool, NULL) != APR_SUCCESS;
}

static int finish(void **state)
{
    (void)state;
    apr_pool_destroy(pool);
    return 0;
}

/* Words with blanks between them. */
static const char *parse(backhand_cookie *cookie, const char *line)
{
    const char *words[BACKHAND_COOKIE_WORDS] = {NULL};
    char *rest, *word = apr_strtok(apr_pstrdup(pool, line), " ", &rest);
    int n = 0;
    for (; word; word = apr_strtok(NULL, " ", &rest)) {
        assert_true(n < BACKHAND_COOKIE_WORDS);
        words[n++] = word;
    }
    return backhand_cookie_parse(cookie, words, n, pool);
}

static void words_become_attributes(void **state)
{
    static const struct {
        const char *line, *name, *attributes;
        int secure, ends;
    } cases[] = {
        {"off", "", "", 0, 0},
        {"OFF", "", "", 0, 0},
        {"PIN", "PIN", "; Path=/; HttpOnly; SameSite=Lax", 0, 0},
        {"PIN path=/shop", "PIN", "; Path=/shop; HttpOnly; SameSite=Lax", 0, 0},
        {"PIN domain=example.com", "PIN", "; Path=/; Domain=example.com; HttpOnly; SameSite=Lax", 0, 0},
        {"PIN domain=.w-1.example.com", "PIN", "; Path=/; Domain=w-1.example.com; HttpOnly; SameSite=Lax", 0, 0},
        {"PIN max-age=2h", "PIN", "; Path=/; Max-Age=7200; HttpOnly; SameSite=Lax", 0, 1},
        {"PIN max-age=90", "PIN", "; Path=/; Max-Age=90; HttpOnly; SameSite=Lax", 0, 1},
        {"PIN samesite=STRICT", "PIN", "; Path=/; HttpOnly; SameSite=Strict", 0, 0},
        {"PIN secure SameSite=none", "PIN", "; Path=/; HttpOnly; SameSite=None", 1, 0},
        {"PIN Secure Samesite=lax Max-Age=1 Domain=a.b Path=/x", "PIN",
         "; Path=/x; Domain=a.b; Max-Age=1; HttpOnly; SameSite=Lax", 1, 1},
        {"__Secure-PIN secure", "__Secure-PIN", "; Path=/; HttpOnly; SameSite=Lax", 1, 0},
        {"__Host-PIN path=/ secure", "__Host-PIN", "; Path=/; HttpOnly; SameSite=Lax", 1, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        backhand_cookie cookie;
        assert_null(parse(&cookie, cases[i].line));
        assert_string_equal(cookie.name, cases[i].name);
        assert_string_equal(cookie.attributes, cases[i].attributes);
        assert_int_equal(cookie.secure, cases[i].secure);
        assert_int_equal(cookie.ends, cases[i].ends);
    }
}

static void names_are_bounded(void **state)
{
    backhand_cookie cookie;
    char name[257];
    (void)state;
    memset(name, 'x', sizeof(name) - 1);
    name[256] = '\0';
    assert_non_null(strstr(parse(&cookie, name), "a name has up to 255 characters"));
    name[255] = '\0';
    assert_null(parse(&cookie, name));
}

static void wrong_words_are_refused(void **state)
{
    static const struct {
        const char *line, *said;
    } cases[] = {
        {"a=", "takes a name that a cookie can have"},
        {"off secure", "takes nothing after off"},
        {"PIN off", "takes path=, domain=, max-age=, samesite= and secure"},
        {"PIN httponly", "takes path=, domain=, max-age=, samesite= and secure"},
        {"PIN paths=/", "takes path="},
        {"PIN path=", "path= takes a path"},
        {"PIN path=shop", "path= takes a path"},
        {"PIN path=/a;b", "path= takes a path"},
        {"PIN path=/a\x01", "path= takes a path"},
        {"PIN path=/\xc3\xa4", "path= takes a path"},
        {"PIN path=/a path=/b", "has an attribute twice"},
        {"PIN secure secure", "has an attribute twice"},
        {"PIN domain=", "domain= takes the name"},
        {"PIN domain=.", "domain= takes the name"},
        {"PIN domain=a..b", "domain= takes the name"},
        {"PIN domain=..b", "domain= takes the name"},
        {"PIN domain=b.", "domain= takes the name"},
        {"PIN domain=a;b", "domain= takes the name"},
        {"PIN domain=http://a", "domain= takes the name"},
        {"PIN max-age=", "max-age= takes a time"},
        {"PIN max-age=0", "max-age= takes a time"},
        {"PIN max-age=-1", "max-age= takes a time"},
        {"PIN max-age=9601h", "max-age= takes a time"},
        {"PIN samesite=", "samesite= takes lax, strict or none"},
        {"PIN samesite=yes", "samesite= takes lax, strict or none"},
        {"PIN samesite=none", "samesite=none needs secure"},
        {"__Secure-PIN", "needs secure"},
        {"__Host-PIN", "needs secure"},
        {"__Host-PIN secure path=/x", "needs secure, the path / and no domain"},
        {"__host-PIN secure domain=a.b", "needs secure, the path / and no domain"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        backhand_cookie cookie;
        const char *error = parse(&cookie, cases[i].line);
        assert_non_null(error);
        assert_non_null(strstr(error, cases[i].said));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_become_attributes),
        cmocka_unit_test(names_are_bounded),
        cmocka_unit_test(wrong_words_are_refused),
    };
    return cmocka_run_group_tests_name("cookie", tests, start, finish);
}
