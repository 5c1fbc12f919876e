/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* The interface for programs that are not httpd. */

#include "table_file.h"

#include "mod_backhand_attached.h"

static char error[BACKHAND_ATTACHED_ERROR_SIZE];

static void leave(int host, uint64_t sequence)
{
    backhand_announcement said = heard_from(host, sequence);
    said.leaving = 1;
    backhand_table_update(table, &said, NULL);
}

static void shows_servers(void **state)
{
    char name[BACKHAND_HOSTNAME_SIZE], contact[BACKHAND_CONTACT_SIZE];
    backhand_attached_fault fault;
    backhand_attached *attached;
    (void)state;
    hear(3, 7);
    attached = backhand_attached_open(dir, &fault, error);
    assert_non_null(attached);
    assert_int_equal(fault, BACKHAND_ATTACHED_OK);
    assert_int_equal(backhand_attached_maxservers(attached), SERVERS);
    assert_int_equal(backhand_number_get(&backhand_attached_serverstats(attached)[1].load), 7);
    assert_int_equal(backhand_attached_identity(attached, 1, name, contact), 1);
    assert_string_equal(name, "server3");
    assert_string_equal(contact, backhand_table_stat(table, 1)->contact);
    assert_string_equal(backhand_attached_state(attached, 1), "alive");
    assert_int_equal(backhand_attached_idle(attached), -1);
    leave(3, 8);
    assert_string_equal(backhand_attached_state(attached, 1), "left");
    assert_int_equal(backhand_attached_identity(attached, 2, name, NULL), 0);
    assert_string_equal(name, "");
    assert_null(backhand_attached_state(attached, 2));
    assert_null(backhand_attached_state(attached, -1));
    assert_null(backhand_attached_state(attached, SERVERS));
    backhand_attached_keep(attached);
    backhand_attached_release(attached);
    assert_int_equal(backhand_attached_maxservers(attached), SERVERS);
    backhand_attached_release(attached);
}

static void knows_when_it_is_replaced(void **state)
{
    backhand_attached *attached = backhand_attached_open(dir, NULL, error);
    (void)state;
    assert_non_null(attached);
    assert_int_equal(backhand_attached_is_current(attached), 1);
    backhand_table_unmap(table);
    create_table();
    assert_int_equal(backhand_attached_is_current(attached), 0);
    assert_null(backhand_attached_state(attached, 1));
    backhand_attached_release(attached);
    unlink(path);
}

static void refused(const char *folder, backhand_attached_fault expected, const char *text)
{
    backhand_attached_fault fault = BACKHAND_ATTACHED_OK;
    error[0] = '\0';
    assert_null(backhand_attached_open(folder, &fault, error));
    assert_int_equal(fault, expected);
    assert_non_null(strstr(error, text));
    assert_null(strchr(error, '\n'));
}

static void says_what_is_wrong(void **state)
{
    static char longest[4096];
    (void)state;
    refused("/nowhere", BACKHAND_ATTACHED_ABSENT, "there is no /nowhere/mod_backhand-table");
    memset(longest, 'x', sizeof(longest) - 1);
    refused(longest, BACKHAND_ATTACHED_FAILED, "cannot open xxx");
    table->head->layout++;
    refused(dir, BACKHAND_ATTACHED_FOREIGN, "is of another release");
    table->head->magic++;
    refused(dir, BACKHAND_ATTACHED_FOREIGN, "is no table");
    if (geteuid() != 0) {
        assert_int_equal(chmod(path, 0), 0);
        refused(dir, BACKHAND_ATTACHED_DENIED, "no permission");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(shows_servers, make_table, remove_table),
        cmocka_unit_test_setup_teardown(knows_when_it_is_replaced, make_table, remove_table),
        cmocka_unit_test_setup_teardown(says_what_is_wrong, make_table, remove_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
