/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* Figures on responses, as text: what is written is read, and nothing else is believed. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "table/report_text.h"

#define GOOD "inflight=3&service=11800&parallel=3700&latency=12100&errors=25&stall=1500&usec=15322"

/* Reads from memory of just that length, so that a sanitizer sees a byte too far. */
static int read_text(backhand_work *report, int64_t *usec, const char *text)
{
    char *exact = strdup(text);
    int good;
    assert_non_null(exact);
    good = backhand_report_read(report, usec, exact);
    free(exact);
    return good;
}

static void assert_bad(const char *text)
{
    backhand_work report = {.inflight = 77};
    int64_t usec = 78;
    if (read_text(&report, &usec, text)) {
        fail_msg("\"%s\" was read", text);
    }
}

static void assert_written(const backhand_work *said, int64_t usec, const backhand_work *expected,
                           int64_t expected_usec)
{
    char text[BACKHAND_REPORT_SIZE];
    backhand_work heard;
    int64_t heard_usec;
    backhand_report_write(text, said, usec);
    assert_true(read_text(&heard, &heard_usec, text));
    assert_memory_equal(&heard, expected, sizeof(heard));
    assert_int_equal(heard_usec, expected_usec);
}

static void what_is_written_is_read(void **state)
{
    backhand_work report = {
        .inflight = 3, .service = 11800, .parallel = 3700, .latency = 12100, .errors = 25, .stall = 1500};
    char text[BACKHAND_REPORT_SIZE];
    (void)state;
    backhand_report_write(text, &report, 15322);
    assert_string_equal(text, GOOD);
    assert_written(&report, 15322, &report, 15322);
    report = (backhand_work){.stall = 1000};
    assert_written(&report, 0, &report, 0);
}

static void what_is_out_of_range_is_written_in_range(void **state)
{
    backhand_work most, least,
        largest = {.inflight = INT32_MAX,
                   .service = INT32_MAX,
                   .parallel = INT32_MAX,
                   .latency = INT32_MAX,
                   .errors = 1000,
                   .stall = 99999};
    backhand_work none = {.stall = 1000};
#define FIGURE(name, ...)                                                                                              \
    most.name = INT64_MAX;                                                                                             \
    least.name = -1;
    BACKHAND_WORK_FIGURES(FIGURE)
#undef FIGURE
    least.inflight = least.service = INT64_MIN;
    (void)state;
    assert_written(&most, INT64_MAX, &largest, INT32_MAX);
    assert_written(&least, INT64_MIN, &none, 0);
}

static void order_and_unknown_keys_do_not_matter(void **state)
{
    backhand_work report;
    int64_t usec;
    (void)state;
    assert_true(
        read_text(&report, &usec, "usec=6&errors=5&later=&more=-1%zz&latency=4&parallel=3&service=2&inflight=1&x=nan"));
    assert_int_equal(report.inflight, 1);
    assert_int_equal(report.service, 2);
    assert_int_equal(report.parallel, 3);
    assert_int_equal(report.latency, 4);
    assert_int_equal(report.errors, 5);
    /* A server of the release before says nothing of it. */
    assert_int_equal(report.stall, 1000);
    assert_int_equal(usec, 6);
    assert_int_equal(report.served, 0);
    assert_int_equal(report.typical, 0);
}

/* GOOD, with the value of `key` replaced. */
static void assert_bad_value(const char *key, const char *value)
{
    char text[400], find[20];
    const char *at, *rest;
    snprintf(find, sizeof(find), "%s=", key);
    at = strstr(GOOD, find);
    assert_non_null(at);
    at += strlen(find);
    rest = at + strcspn(at, "&");
    snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - GOOD), GOOD, value, rest);
    assert_bad(text);
}

static void wrong_values_are_not_read(void **state)
{
    static const char *const keys[] = {"inflight", "service", "parallel", "latency", "errors", "stall", "usec"};
    static const char *const values[] = {"",
                                         "-1",
                                         "-0",
                                         "+1",
                                         " 1",
                                         "1 ",
                                         "1.5",
                                         "1e3",
                                         "nan",
                                         "NaN",
                                         "inf",
                                         "0x1",
                                         "2147483648",
                                         "9223372036854775808",
                                         "99999999999999999999999999",
                                         "%31",
                                         "1,2",
                                         "one",
                                         "1;",
                                         "=1",
                                         "1="};
    (void)state;
    for (size_t k = 0; k < sizeof(keys) / sizeof(keys[0]); k++) {
        for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
            assert_bad_value(keys[k], values[i]);
        }
    }
    assert_bad_value("errors", "1001");
}

static void malformed_texts_are_not_read(void **state)
{
    char text[2 * BACKHAND_REPORT_SIZE] = GOOD;
    (void)state;
    assert_bad("");
    assert_bad("&");
    assert_bad("=");
    assert_bad("hello");
    assert_bad(GOOD "&");
    assert_bad("&" GOOD);
    assert_bad(GOOD "&x");
    assert_bad(GOOD "&=1");
    assert_bad(GOOD ", " GOOD);
    assert_bad("inflight=3&service=11800&parallel=3700&latency=12100&errors=25");
    assert_bad("inflight=3&service=11800&parallel=3700&latency=12100&usec=15322");
    assert_bad("Inflight=3&service=11800&parallel=3700&latency=12100&errors=25&stall=1500&usec=15322");
    /* A number that lost its last digits is still one; no text that ends before it is whole. */
    for (size_t cut = strlen(GOOD) - strlen("15322"); cut > 0; cut--) {
        text[cut] = '\0';
        assert_bad(text);
    }
}

static void a_key_twice_is_not_read(void **state)
{
    (void)state;
    assert_bad(GOOD "&inflight=3");
    assert_bad(GOOD "&service=0");
    assert_bad(GOOD "&usec=15322");
}

static void what_is_too_long_is_not_read(void **state)
{
    char text[2 * BACKHAND_REPORT_SIZE];
    backhand_work report;
    int64_t usec;
    (void)state;
    memset(text, 'x', sizeof(text));
    memcpy(text, GOOD "&x=", strlen(GOOD "&x="));
    text[BACKHAND_REPORT_SIZE] = '\0';
    assert_bad(text);
    text[BACKHAND_REPORT_SIZE - 1] = '\0';
    assert_true(read_text(&report, &usec, text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(what_is_out_of_range_is_written_in_range),
        cmocka_unit_test(order_and_unknown_keys_do_not_matter),
        cmocka_unit_test(wrong_values_are_not_read),
        cmocka_unit_test(malformed_texts_are_not_read),
        cmocka_unit_test(a_key_twice_is_not_read),
        cmocka_unit_test(what_is_too_long_is_not_read),
    };
    return cmocka_run_group_tests_name("report_text", tests, NULL, NULL);
}
