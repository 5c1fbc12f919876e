/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* The file of this server's duty: it comes back as written, and nothing else is believed. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "announce/moderator/own_duty.h"

static char folder[64], path[96];

static int setup(void **state)
{
    (void)state;
    snprintf(folder, sizeof(folder), "/tmp/backhand-duty-XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/" BACKHAND_OWN_DUTY_FILE, folder);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder);
}

static void write_file(const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    chmod(path, 0600);
}

static void it_comes_back(void **state)
{
    backhand_own_duty own, again;
    (void)state;
    assert_null(backhand_own_duty_read(&own, path));
    assert_int_equal(own.duty, 0);
    assert_int_equal(own.withheld, 0);
    assert_true(backhand_own_duty_obey(&own, BACKHAND_ORDER_DRAIN, 0));
    assert_false(backhand_own_duty_obey(&own, BACKHAND_ORDER_DRAIN, 0));
    assert_true(backhand_own_duty_obey(&own, BACKHAND_ORDER_WEIGHT, 25));
    assert_int_equal(backhand_own_duty_write(&own), APR_SUCCESS);
    assert_null(backhand_own_duty_read(&again, path));
    assert_int_equal(again.duty, 1);
    assert_int_equal(again.withheld, 75);
    assert_true(backhand_own_duty_obey(&again, BACKHAND_ORDER_MAINTENANCE, 0));
    assert_int_equal(again.duty, 2);
    assert_true(backhand_own_duty_obey(&again, BACKHAND_ORDER_NORMAL, 0));
    assert_int_equal(again.duty, 0);
    assert_int_equal(again.withheld, 75);
}

static void nothing_else_is_believed(void **state)
{
    static const char *const wrong[] = {
        "",
        "mod_backhand duty 2\nduty 1\nwithheld 0\n",
        "mod_backhand duty 1\n",
        "mod_backhand duty 1\nduty 3\nwithheld 0\n",
        "mod_backhand duty 1\nduty -1\nwithheld 0\n",
        "mod_backhand duty 1\nduty 1\nwithheld 101\n",
        "mod_backhand duty 1\nduty 1\nwithheld -1\n",
        "mod_backhand duty 1\nduty 1\n",
        "mod_backhand duty 1\nduty 11111111111111111111\nwithheld 1\n",
        "mod_backhand duty 1duty 1\nwithheld 1\n",
    };
    backhand_own_duty own;
    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        write_file(wrong[i]);
        assert_non_null(backhand_own_duty_read(&own, path));
        assert_int_equal(own.duty, 0);
        assert_int_equal(own.withheld, 0);
    }
    write_file("mod_backhand duty 1\nduty 1\nwithheld 0\n");
    assert_null(backhand_own_duty_read(&own, path));
    chmod(path, 0666);
    assert_non_null(backhand_own_duty_read(&own, path));
    assert_int_equal(own.duty, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_comes_back, setup, teardown),
        cmocka_unit_test_setup_teardown(nothing_else_is_believed, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
