/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* Contacts: what is read comes out in one canonical form, and what is no server's address is refused. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "table/table.h"

static void assert_reads(const char *text, int port, const char *canonical)
{
    backhand_contact contact;
    backhand_contact again;
    char out[BACKHAND_CONTACT_SIZE];
    const char *wrong = backhand_contact_parse(&contact, text, port);
    if (wrong) {
        fail_msg("%s: %s", text, wrong);
    }
    backhand_contact_format(out, &contact);
    assert_string_equal(out, canonical);
    assert_null(backhand_contact_parse(&again, out, 1));
    assert_true(backhand_contact_equal(&contact, &again));
}

static void reads(void **state)
{
    (void)state;
    assert_reads("192.0.2.1", 0, "http://192.0.2.1:80");
    assert_reads("192.0.2.1", 8080, "http://192.0.2.1:8080");
    assert_reads("192.0.2.1:81", 8080, "http://192.0.2.1:81");
    assert_reads("https://192.0.2.1", 0, "https://192.0.2.1:443");
    assert_reads("HTTPS://192.0.2.1:65535", 0, "https://192.0.2.1:65535");
    assert_reads("http://192.0.2.1:00080", 0, "http://192.0.2.1:80");
    assert_reads("2001:DB8:0::1", 0, "http://[2001:db8::1]:80");
    assert_reads("[2001:db8::1]", 0, "http://[2001:db8::1]:80");
    assert_reads("https://[2001:db8::1]:8443", 0, "https://[2001:db8::1]:8443");
    assert_reads("::1", 9, "http://[::1]:9");
    assert_reads("[::ffff:192.0.2.1]:81", 0, "http://192.0.2.1:81");
    assert_reads("https://[2fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535", 0,
                 "https://[2fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535");
}

static void refuses(void **state)
{
    static const char *const wrong[] = {
        "",
        "http://",
        "ftp://192.0.2.1",
        "://192.0.2.1",
        "name",
        "192.0.2",
        "192.0.2.256",
        "192.0.2.1:",
        "192.0.2.1:0",
        "192.0.2.1:-1",
        "192.0.2.1:65536",
        "192.0.2.1:999999",
        "192.0.2.1:80/",
        "192.0.2.1/",
        "192.0.2.1 ",
        "[192.0.2.1]",
        "[::1",
        "[::1]x",
        "[::1]:",
        "::1]:80",
        "fe80::1%lo",
        "0.0.0.0",
        "::",
        "[::]:80",
        "239.255.0.1",
        "255.255.255.255",
        "ff02::1",
        "::ffff:0.0.0.0",
        "[]:80",
        ":80",
        "http://http://192.0.2.1",
        "111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        backhand_contact contact;
        const char *why = backhand_contact_parse(&contact, wrong[i], 0);
        if (!why) {
            fail_msg("taken as a contact: '%s'", wrong[i]);
        }
        assert_true(strlen(why) > 10);
    }
}

static void compares(void **state)
{
    backhand_contact a;
    backhand_contact b;
    static const char *const others[] = {"https://192.0.2.1:80", "192.0.2.1:81", "192.0.2.11:80", "[2001:db8::1]:80"};
    (void)state;
    backhand_contact_parse(&a, "192.0.2.1:80", 0);
    for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
        assert_null(backhand_contact_parse(&b, others[i], 0));
        assert_false(backhand_contact_equal(&a, &b));
    }
    assert_null(backhand_contact_parse(&b, "http://192.0.2.1", 80));
    assert_true(backhand_contact_equal(&a, &b));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads),
        cmocka_unit_test(refuses),
        cmocka_unit_test(compares),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
