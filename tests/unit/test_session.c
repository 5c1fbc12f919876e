/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* Session ids: whose they are, where they stand, and whom they lead to. */

#include "../said.h"
#include "candidates.h"

#include <stdlib.h>

#include "candidacy/session_id.h"

#define INTERVAL 250 /* ms, as said.h has it */

/* A copy without anything behind it, so that a reader that goes too far is found out. */
static int read_id(backhand_owner *owner, const char *text)
{
    size_t length = strlen(text);
    char *copy = malloc(length ? length : 1);
    int found;
    memcpy(copy, text, length);
    found = backhand_session_read(owner, copy, length);
    free(copy);
    return found;
}

static void ids_name_their_owner(void **state)
{
    static const struct {
        const char *id, *address;
        int port;
    } cases[] = {
        {"7f000001", "127.0.0.1", 0},
        {"7F000001", "127.0.0.1", 0},
        {"c0000201deadbeef", "192.0.2.1", 0},
        {"C0a80102zzz", "192.168.1.2", 0},
        {"c0000201\"", "192.0.2.1", 0},
        {"i7f000001", "127.0.0.1", 0},
        {"i7f0000011f90", "127.0.0.1", 8080},
        {"i7f0000011f90-rest", "127.0.0.1", 8080},
        {"i7f000001.1f90", "127.0.0.1", 0},
        {"i20010db8000000000000000000000001", "2001:db8::1", 0},
        {"i20010DB800000000000000000000000101bb", "2001:db8::1", 443},
        {"i20010db800000000000000000000000101bb,x", "2001:db8::1", 443},
        {"i00000000000000000000ffff7f00000100", NULL, 0},
        {"i00000000000000000000ffff7f0000010050", "127.0.0.1", 80},
    };
    static const char *const wrong[] = {"",
                                        "7",
                                        "7f00000",
                                        "7f00000g",
                                        "g7f000001",
                                        "i",
                                        "i7f00000",
                                        "i7f0000011",
                                        "i7f00000112345",
                                        "I7f000001",
                                        " 7f000001",
                                        "ii7f000001",
                                        "i7f0000011f",
                                        "i20010db800000000000000000000000",
                                        "-7f000001",
                                        "i20010db800000000000000000000000101bb0"};
    backhand_owner owner;
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (!cases[i].address) {
            assert_false(read_id(&owner, cases[i].id));
            continue;
        }
        assert_true(read_id(&owner, cases[i].id));
        assert_string_equal(owner.address, cases[i].address);
        assert_int_equal(owner.port, cases[i].port);
    }
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_false(read_id(&owner, wrong[i]));
    }
}

static void what_is_written_is_read(void **state)
{
    static const char *const contacts[] = {"http://127.0.0.1:80", "https://203.0.113.255:65535",
                                           "http://[2001:db8::ff]:1", "http://[::1]:8080"};
    (void)state;
    for (size_t i = 0; i < sizeof(contacts) / sizeof(contacts[0]); i++) {
        char id[BACKHAND_SESSION_ID_SIZE + 1];
        backhand_contact contact;
        backhand_owner owner;
        id[BACKHAND_SESSION_ID_SIZE] = 'x';
        assert_null(backhand_contact_parse(&contact, contacts[i], 0));
        assert_true(backhand_session_write(id, &contact));
        assert_int_equal(id[BACKHAND_SESSION_ID_SIZE], 'x');
        assert_true(read_id(&owner, id));
        assert_string_equal(owner.address, contact.address);
        assert_int_equal(owner.port, contact.port);
    }
    char id[BACKHAND_SESSION_ID_SIZE];
    backhand_contact none = {0, 80, ""};
    assert_false(backhand_session_write(id, &none));
    assert_string_equal(id, "");
}

/* The owners' addresses, in order, with blanks between them. */
static const char *owners_of(const char *text, backhand_session_place place, const char *identifier)
{
    static char found[300];
    size_t length = strlen(text);
    apr_size_t at = 0;
    backhand_owner owner;
    char *copy = malloc(length ? length : 1);
    memcpy(copy, text, length);
    found[0] = '\0';
    while (backhand_session_next(&owner, copy, length, place, identifier, &at)) {
        apr_snprintf(found + strlen(found), sizeof(found) - strlen(found), "%s%s", *found ? " " : "", owner.address);
    }
    free(copy);
    return found;
}

static void ids_are_found(void **state)
{
    static const struct {
        backhand_session_place place;
        const char *identifier, *text, *found;
    } cases[] = {
        {BACKHAND_SESSION_COOKIE, "PHPSESSID=", "PHPSESSID=7f000001", "127.0.0.1"},
        {BACKHAND_SESSION_COOKIE, "PHPSESSID=", "a=b; PHPSESSID=7f000001aa; c=d", "127.0.0.1"},
        {BACKHAND_SESSION_COOKIE, "PHPSESSID=", "a=b;PHPSESSID=\"7f000001\"", "127.0.0.1"},
        {BACKHAND_SESSION_COOKIE, "PHPSESSID=",
         "PHPSESSID=zz; PHPSESSID=7f000002;PHPSESSID=7f000003,PHPSESSID=7f000004", "127.0.0.2 127.0.0.3 127.0.0.4"},
        {BACKHAND_SESSION_COOKIE, "PHPSESSID=", "XPHPSESSID=7f000001", ""},
        {BACKHAND_SESSION_COOKIE, "PHPSESSID=", "phpsessid=7f000001", ""},
        {BACKHAND_SESSION_COOKIE, "PHPSESSID=", "a=1&PHPSESSID=7f000001", ""},
        {BACKHAND_SESSION_COOKIE, "PHPSESSID=", "PHPSESSID=7f00000", ""},
        {BACKHAND_SESSION_COOKIE, "PHPSESSID=", "PHPSESSID=", ""},
        {BACKHAND_SESSION_COOKIE, "PHPSESSID=", "PHPSESSID", ""},
        {BACKHAND_SESSION_COOKIE, "PHPSESSID=", "", ""},
        {BACKHAND_SESSION_COOKIE, "sid", "sid=7f000001; sid7f000002; sid\"7f000003", "127.0.0.1 127.0.0.2 127.0.0.3"},
        {BACKHAND_SESSION_QUERY, "sid=", "sid=7f000001&x&sid=7f000002;sid=7f000003", "127.0.0.1 127.0.0.2 127.0.0.3"},
        {BACKHAND_SESSION_QUERY, "sid=", "x=sid=7f000001", ""},
        {BACKHAND_SESSION_QUERY, "sid=", "x sid=7f000001", ""},
        {BACKHAND_SESSION_QUERY, "sid=", "xsid=7f000001&sid=i7f0000010050", "127.0.0.1"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_string_equal(owners_of(cases[i].text, cases[i].place, cases[i].identifier), cases[i].found);
    }
}

static void garbage_ends(void **state)
{
    static const char letters[] = "sid=;&, \"if07iA\t";
    (void)state;
    for (int round = 0; round < 100000; round++) {
        char text[40];
        uint32_t length = backhand_random_below(sizeof(text));
        for (uint32_t i = 0; i < length; i++) {
            text[i] = letters[backhand_random_below(sizeof(letters))];
        }
        text[length] = '\0';
        owners_of(text, round % 2 ? BACKHAND_SESSION_COOKIE : BACKHAND_SESSION_QUERY, round % 3 ? "sid=" : "i");
    }
}

/* --- whom they lead to ------------------------------------------------------------------------------------------- */

static int announce(const char *contact, uint64_t boot, uint64_t sequence, int leaving)
{
    backhand_announcement said = said_by("s", contact, boot, sequence);
    said.leaving = leaving;
    return backhand_table_update(table, &said, NULL).id;
}

static int owns(int id, const char *text)
{
    backhand_owner owner;
    assert_true(read_id(&owner, text));
    return backhand_session_owns(table, id, backhand_table_generation(table), &owner);
}

static void only_the_living_own(void **state)
{
    int four, six;
    uint64_t before = backhand_table_generation(table);
    backhand_owner owner = {"192.0.2.1", 0};
    (void)state;
    four = announce("http://192.0.2.1:8080", 3, 1, 0);
    six = announce("http://[2001:db8::1]:80", 4, 1, 0);
    assert_true(owns(four, "c0000201"));
    assert_true(owns(four, "ic00002011f90"));
    assert_false(owns(four, "ic00002011f91"));
    assert_false(owns(four, "c0000202"));
    assert_true(owns(six, "i20010db8000000000000000000000001"));
    assert_true(owns(six, "i20010db80000000000000000000000010050"));
    assert_false(owns(six, "c0000201"));
    assert_false(owns(0, "c0000201"));
    assert_false(owns(SERVERS, "c0000201"));
    /* The slot got this server after the request had begun. */
    assert_false(backhand_session_owns(table, four, before, &owner));

    /* Silent for three of its intervals, while another server is heard. */
    clock_now += apr_time_from_msec(3 * INTERVAL);
    announce("http://[2001:db8::1]:80", 4, 2, 0);
    assert_true(owns(four, "c0000201"));
    clock_now += 1;
    assert_false(owns(four, "c0000201"));
    announce("http://192.0.2.1:8080", 3, 2, 0);
    assert_true(owns(four, "c0000201"));
    /* When nobody is heard it is this server that hears nothing. */
    clock_now += apr_time_from_msec(3 * INTERVAL) + 1;
    assert_true(owns(four, "c0000201"));
    clock_now += apr_time_from_sec(SERVER_TIMEOUT + 1);
    assert_false(owns(four, "c0000201"));
    announce("http://192.0.2.1:8080", 3, 3, 1);
    announce("http://[2001:db8::1]:80", 4, 3, 0);
    assert_false(owns(four, "c0000201"));
}

static void cookie_names_are_checked(void **state)
{
    static const char *const wrong[] = {"", "a b", "a=", "a;", "a,", "a\"b", "a/b", "\xc3\xa4", "a\r\n", "(a)", "a:b"};
    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_non_null(backhand_session_check_name(wrong[i]));
    }
    assert_null(backhand_session_check_name("PHPSESSID"));
    assert_null(backhand_session_check_name("__Host-a.b_c~1!"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_name_their_owner), cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(ids_are_found),        cmocka_unit_test(garbage_ends),
        cmocka_unit_test(only_the_living_own),  cmocka_unit_test(cookie_names_are_checked),
    };
    return cmocka_run_group_tests_name("session", tests, setup, teardown);
}
