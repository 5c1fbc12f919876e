/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* Another configuration forgets the servers that it would not accept. */

#include "intake.h"

/* True when a server of these words would be forgotten under these rules. */
static int forgotten(const char *from, const char *contact, const char *key, const backhand_intake *rules)
{
    backhand_announcement said = server(9);
    char data[BACKHAND_MESSAGE_SIZE], first[BACKHAND_CONTACT_SIZE] = "";
    apr_size_t length;
    int gone;

    said.boot = draw();
    said.time = apr_time_as_msec(now);
    backhand_contact_parse(&said.contact, contact, 0);
    backhand_contact_format(said.stat.contact, &said.contact);
    length = backhand_message_encode(data, &said);
    intake.keys = key ? keys_of(key) : NULL;
    if (key) {
        backhand_message_sign(data, length, intake.keys);
    }
    assert_int_equal(give(from, data), BACKHAND_DROP_NONE);
    assert_in_range(taken.id, 1, 7);
    gone = backhand_revoke(rules, first);
    assert_in_range(gone, 0, 1);
    assert_string_equal(first, gone ? said.stat.contact : "");
    assert_int_equal(backhand_table_read(intake.table, taken.id, &said, NULL), !gone);
    backhand_table_forget(intake.table, taken.id);
    return gone;
}

static void another_configuration_forgets_whom_it_would_not_take(void **state)
{
    static const char near[] = "http://192.0.2.7:80";
    backhand_intake rules = intake;
    (void)state;
    share_a_secret(ONE);
    rules.accept = accept_list("192.0.2.0/24");
    assert_false(forgotten("192.0.2.7", near, NULL, &rules));
    rules.accept = accept_list("192.0.2.7");
    assert_false(forgotten("192.0.2.7", near, NULL, &rules));
    assert_true(forgotten("192.0.2.8", near, NULL, &rules));
    assert_true(forgotten("192.0.2.7", "http://192.0.2.8:80", NULL, &rules));
    assert_true(forgotten("192.0.2.8", "http://192.0.2.8:80", NULL, &rules));
    rules.farm = "green";
    assert_true(forgotten("192.0.2.7", near, NULL, &rules));
    rules.farm = "blue";
    rules.keys = keys_of(ONE);
    assert_true(forgotten("192.0.2.7", near, NULL, &rules));
    assert_true(forgotten("192.0.2.7", near, TWO, &rules));
    assert_false(forgotten("192.0.2.7", near, ONE, &rules));
    rules.optional = 1;
    assert_false(forgotten("192.0.2.7", near, NULL, &rules));
    assert_true(forgotten("192.0.2.7", near, TWO, &rules));
    rules.keys = keys_of(TWO ONE);
    assert_false(forgotten("192.0.2.7", near, TWO, &rules));
    assert_false(forgotten("192.0.2.7", near, ONE, &rules));
    rules.keys = NULL;
    assert_false(forgotten("192.0.2.7", near, ONE, &rules));
    rules.accept = apr_array_make(pool, 1, sizeof(apr_ipsubnet_t *));
    assert_true(forgotten("192.0.2.7", near, ONE, &rules));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(another_configuration_forgets_whom_it_would_not_take),
    };
    apr_initialize();
    return cmocka_run_group_tests_name("revoke", tests, NULL, NULL);
}
