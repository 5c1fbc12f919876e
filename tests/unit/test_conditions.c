/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* The conditions that an operator should know of, from the state of the table; and when the log tells them. */

#include "table_fixture.h"

#include <stdio.h>
#include <string.h>

#include "../said.h"
#include "conditions/conditions.h"
#include "table/link.h"
#include "table/skewed.h"
#include "table/trouble.h"
#include "table/update.h"

#define SECOND APR_USEC_PER_SEC
#define MINUTE (60 * SECOND)

static backhand_condition conditions[BACKHAND_CONDITIONS];
static int count;
static uint64_t sequence;

static int make_table(void **state)
{
    backhand_announcement self;
    (void)state;
    begin_table(64, 4);
    self = said_by("self", "http://192.0.2.1:80", 1, 1);
    backhand_table_set_self(table, &self);
    backhand_table_beat(table);
    return 0;
}

static int hear(int host)
{
    backhand_announcement said = said_by_nth("host", host, 100 + (uint64_t)host, ++sequence);
    return backhand_table_update(table, &said, NULL).id;
}

/* The moderator works on for that long. */
static void pass(apr_interval_time_t time)
{
    clock_now += time;
    backhand_table_beat(table);
}

static void look(void)
{
    count = backhand_conditions_read(conditions, table);
    assert_in_range(count, 0, BACKHAND_CONDITIONS);
}

static int count_of(const char *name)
{
    int n = 0;
    for (int i = 0; i < count; i++) {
        n += strcmp(conditions[i].name, name) == 0;
    }
    return n;
}

static const backhand_condition *find(const char *name)
{
    look();
    for (int i = 0; i < count; i++) {
        if (strcmp(conditions[i].name, name) == 0) {
            assert_true(conditions[i].text[0] && conditions[i].remedy[0]);
            return &conditions[i];
        }
    }
    return NULL;
}

static void a_server_that_hears_others_has_none(void **state)
{
    (void)state;
    hear(7);
    look();
    assert_int_equal(count, 0);
}

static void a_server_alone_says_so(void **state)
{
    (void)state;
    assert_non_null(find("no-peers"));
    assert_int_equal(count, 1);
    backhand_trouble_note(table, BACKHAND_TROUBLE_NO_DESTINATION, "", "MulticastStats is not set");
    assert_null(find("no-peers"));
    assert_string_equal(find("no-destination")->text, "MulticastStats is not set");
}

static void a_moderator_that_stands_still_is_the_first(void **state)
{
    (void)state;
    hear(7);
    clock_now += 4 * SECOND;
    assert_null(find("no-moderator"));
    clock_now += 2 * SECOND;
    assert_ptr_equal(find("no-moderator"), &conditions[0]);
    assert_int_equal(conditions[0].severity, BACKHAND_SEVERITY_ERROR);
    assert_true(conditions[0].since == clock_now - 6 * SECOND);
    backhand_table_beat(table);
    assert_null(find("no-moderator"));
}

static void drops_are_told_with_their_sender_for_a_while(void **state)
{
    const backhand_condition *found;
    (void)state;
    hear(7);
    backhand_trouble_note(table, BACKHAND_TROUBLE_SENDER, "192.0.2.9", "");
    found = find("unknown-sender");
    assert_string_equal(found->subject, "192.0.2.9");
    assert_string_equal(found->text, "announcement from 192.0.2.9 dropped: AcceptStats does not cover that address");
    assert_string_equal(found->remedy, "if it is a server of this farm add \"AcceptStats 192.0.2.9\"");
    assert_null(find("nobody-accepted"));
    backhand_trouble_note(table, BACKHAND_TROUBLE_SIGNATURE, "192.0.2.8", "it is signed with another key");
    assert_string_equal(find("secret-mismatch")->text,
                        "announcement from 192.0.2.8 dropped: it is signed with another key");
    clock_now += (SERVER_TIMEOUT + 1) * SECOND;
    assert_null(find("unknown-sender"));
    assert_null(find("secret-mismatch"));
}

static void nobody_accepted_names_the_latest_reason(void **state)
{
    const backhand_condition *found;
    (void)state;
    backhand_trouble_note(table, BACKHAND_TROUBLE_SENDER, "192.0.2.9", "");
    clock_now += SECOND;
    backhand_trouble_note(table, BACKHAND_TROUBLE_FARM, "192.0.2.8", "shop");
    found = find("nobody-accepted");
    assert_non_null(strstr(found->text, "that of 192.0.2.8 was dropped, because it is of another farm"));
    assert_null(find("no-peers"));
}

static void servers_that_fall_silent_are_lost_and_all_of_them_stale(void **state)
{
    (void)state;
    hear(7);
    hear(8);
    pass(2 * SECOND);
    assert_non_null(find("deaf"));
    assert_null(find("server-lost"));
    hear(8);
    assert_null(find("deaf"));
    pass((SERVER_TIMEOUT - 1) * SECOND);
    look();
    assert_int_equal(count_of("server-lost"), 1);
    assert_int_equal(count_of("all-stale"), 0);
    assert_string_equal(find("server-lost")->subject, "http://10.0.0.7:80");
    pass(2 * SECOND);
    look();
    assert_int_equal(count_of("server-lost"), 2);
    assert_int_equal(count_of("all-stale"), 1);
    assert_true(find("all-stale")->since == clock_now - (SERVER_TIMEOUT + 1) * SECOND);
    pass((apr_time_t)24 * 60 * MINUTE);
    assert_null(find("server-lost"));
}

static void a_broker_that_hangs_is_named_to_servers_that_hear_nobody(void **state)
{
    (void)state;
    hear(7);
    hear(8);
    backhand_link_note(table, 1, "nats://10.0.0.4:4222");
    pass(2 * SECOND);
    assert_non_null(strstr(find("deaf")->remedy, "whether the broker nats://10.0.0.4:4222 runs and answers, and"));
    backhand_link_note(table, 1, "nats://10.0.0.4\n\x1b");
    assert_non_null(strstr(find("deaf")->remedy, "the broker nats://10.0.0.4?? runs"));
    backhand_link_note(table, 0, "");
    assert_null(strstr(find("deaf")->remedy, "broker"));
    backhand_link_clear(table);
    assert_null(strstr(find("deaf")->remedy, "broker"));
}

/* A server that does not listen hears nobody, so its conditions say nothing of others. */
static void a_moderator_that_stands_still_loses_nobody(void **state)
{
    (void)state;
    hear(7);
    hear(8);
    clock_now += 6 * SECOND;
    assert_null(find("deaf"));
    clock_now += SERVER_TIMEOUT * SECOND;
    look();
    assert_int_equal(count, 1);
    assert_string_equal(conditions[0].name, "no-moderator");
    backhand_table_beat(table);
    look();
    assert_int_equal(count_of("server-lost"), 2);
    assert_int_equal(count_of("all-stale"), 1);
    /* It may hear them with their next announcement. */
    assert_true(find("server-lost")->wait == 3 * SECOND + apr_time_from_msec(250));
    assert_true(find("all-stale")->wait == 3 * SECOND + apr_time_from_msec(250));
}

static void many_lost_servers_make_a_short_list(void **state)
{
    (void)state;
    for (int i = 1; i <= BACKHAND_CONDITION_SERVERS + 20; i++) {
        hear(i);
    }
    clock_now += MINUTE;
    backhand_table_beat(table);
    look();
    assert_int_equal(count_of("server-lost"), BACKHAND_CONDITION_SERVERS + 1);
    assert_string_equal(conditions[count - 1].text, "20 more servers are lost");
    assert_string_equal(conditions[count - 1].subject, "");
}

static void a_server_whose_check_fails_is_down(void **state)
{
    backhand_announcement said = said_by_nth("host", 7, 107, ++sequence);
    (void)state;
    said.stat.down = 30;
    said.stat.why = 503;
    backhand_table_update(table, &said, NULL);
    assert_string_equal(
        find("server-down")->text,
        "server host7 (http://10.0.0.7:80) is down, because its BackhandCheck fails: the response's status was 503");
    assert_true(find("server-down")->since == clock_now - 30 * SECOND);
    said = said_by("self", "http://192.0.2.1:80", 1, 2);
    said.stat.down = 2;
    said.stat.why = 600;
    backhand_table_set_self(table, &said);
    assert_non_null(strstr(find("application-down")->text, "the check took too long"));
}

static void clocks_and_marks_are_told(void **state)
{
    backhand_announcement said = said_by_nth("host", 7, 107, ++sequence);
    (void)state;
    backhand_skewed_note(table, &said, -90500);
    assert_string_equal(find("clock-skew")->text, "the clock of host7 (http://10.0.0.7:80) is 90.5 s behind this "
                                                  "server's, so its announcements are dropped");
    assert_non_null(find("own-clock"));
    backhand_trouble_note(table, BACKHAND_TROUBLE_MARK, "192.0.2.9", "");
    backhand_trouble_note(table, BACKHAND_TROUBLE_BAD_MARK, "192.0.2.8", "it was repeated");
    clock_now += 50 * SECOND;
    assert_string_equal(find("unknown-mark")->subject, "192.0.2.9");
    assert_string_equal(find("bad-mark")->text, "192.0.2.8 sent a request whose mark is ignored: it was repeated");
    clock_now += 11 * SECOND;
    assert_null(find("unknown-mark"));
}

static void a_trouble_lasts_until_it_ends(void **state)
{
    backhand_trouble found;
    char longest[2 * BACKHAND_TROUBLE_WHAT];
    (void)state;
    memset(longest, 'x', sizeof(longest));
    longest[sizeof(longest) - 1] = '\0';
    backhand_trouble_note(table, BACKHAND_TROUBLE_SEND, "", longest);
    assert_int_equal(backhand_trouble_read(&found, table, BACKHAND_TROUBLE_SEND), 1);
    assert_int_equal(strlen(found.what), BACKHAND_TROUBLE_WHAT - 1);
    clock_now += 1000 * MINUTE;
    assert_non_null(find("no-route"));
    backhand_trouble_end(table, BACKHAND_TROUBLE_SEND);
    assert_null(find("no-route"));
    backhand_trouble_note(table, BACKHAND_TROUBLE_SEND, "", "again");
    assert_non_null(find("no-route"));
    backhand_trouble_end_all(table);
    assert_null(find("no-route"));
}

static void a_flood_writes_ten_times_a_second(void **state)
{
    backhand_trouble found;
    (void)state;
    backhand_trouble_note(table, BACKHAND_TROUBLE_SENDER, "192.0.2.9", "");
    clock_now += SECOND / 20;
    backhand_trouble_note(table, BACKHAND_TROUBLE_SENDER, "192.0.2.8", "");
    backhand_trouble_read(&found, table, BACKHAND_TROUBLE_SENDER);
    assert_string_equal(found.who, "192.0.2.9");
    clock_now += SECOND / 10;
    backhand_trouble_note(table, BACKHAND_TROUBLE_SENDER, "192.0.2.8", "");
    backhand_trouble_read(&found, table, BACKHAND_TROUBLE_SENDER);
    assert_string_equal(found.who, "192.0.2.8");
}

static void the_log_tells_a_condition_once_until_it_has_ended(void **state)
{
    char text[BACKHAND_SINCE_TEXT];
    (void)state;
    assert_int_equal(backhand_since_hold(table, 5, 0, 2 * SECOND, "first"), 0);
    assert_true(backhand_since_get(table, 5) == clock_now);
    clock_now += 2 * SECOND;
    assert_int_equal(backhand_since_hold(table, 5, 0, 2 * SECOND, "then"), 1);
    assert_int_equal(backhand_since_hold(table, 5, 0, 2 * SECOND, "more"), 0);
    assert_true(backhand_since_get(table, 5) == clock_now - 2 * SECOND);
    clock_now += 2 * SECOND;
    assert_int_equal(backhand_since_ended(table, 3 * SECOND, text), 0);
    clock_now += 2 * SECOND;
    assert_int_equal(backhand_since_ended(table, 3 * SECOND, text), 1);
    assert_string_equal(text, "then");
    assert_int_equal(backhand_since_ended(table, 3 * SECOND, text), 0);
    assert_true(backhand_since_get(table, 5) == 0);
}

static void the_log_waits_from_when_the_moderator_saw_it(void **state)
{
    apr_time_t began = clock_now - MINUTE;
    (void)state;
    assert_int_equal(backhand_since_hold(table, 5, began, 4 * SECOND, "text"), 0);
    assert_true(backhand_since_get(table, 5) == began);
    clock_now += 2 * SECOND;
    assert_int_equal(backhand_since_hold(table, 5, began, 4 * SECOND, "text"), 0);
    /* It stands still. */
    clock_now += 3 * SECOND;
    assert_int_equal(backhand_since_hold(table, 5, began, 4 * SECOND, "text"), 0);
    clock_now += 2 * SECOND;
    assert_int_equal(backhand_since_hold(table, 5, began, 4 * SECOND, "text"), 0);
    clock_now += 2 * SECOND;
    assert_int_equal(backhand_since_hold(table, 5, began, 4 * SECOND, "text"), 1);
}

static void a_condition_that_was_not_told_ends_silently(void **state)
{
    char text[BACKHAND_SINCE_TEXT];
    (void)state;
    assert_int_equal(backhand_since_hold(table, 5, 0, 2 * SECOND, "first"), 0);
    clock_now += 5 * SECOND;
    assert_int_equal(backhand_since_ended(table, 3 * SECOND, text), 0);
    assert_true(backhand_since_get(table, 5) == 0);
}

static void there_is_room_for_so_many_only(void **state)
{
    (void)state;
    for (uint64_t key = 1; key <= BACKHAND_SINCES; key++) {
        assert_int_equal(backhand_since_hold(table, key, 0, 0, "text"), 1);
    }
    assert_int_equal(backhand_since_hold(table, BACKHAND_SINCES + 1, 0, 0, "text"), 0);
    assert_int_equal(backhand_since_hold(table, 1, 0, 0, "text"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_server_that_hears_others_has_none, make_table, teardown),
        cmocka_unit_test_setup_teardown(a_server_alone_says_so, make_table, teardown),
        cmocka_unit_test_setup_teardown(a_moderator_that_stands_still_is_the_first, make_table, teardown),
        cmocka_unit_test_setup_teardown(drops_are_told_with_their_sender_for_a_while, make_table, teardown),
        cmocka_unit_test_setup_teardown(nobody_accepted_names_the_latest_reason, make_table, teardown),
        cmocka_unit_test_setup_teardown(servers_that_fall_silent_are_lost_and_all_of_them_stale, make_table, teardown),
        cmocka_unit_test_setup_teardown(a_broker_that_hangs_is_named_to_servers_that_hear_nobody, make_table, teardown),
        cmocka_unit_test_setup_teardown(a_moderator_that_stands_still_loses_nobody, make_table, teardown),
        cmocka_unit_test_setup_teardown(many_lost_servers_make_a_short_list, make_table, teardown),
        cmocka_unit_test_setup_teardown(a_server_whose_check_fails_is_down, make_table, teardown),
        cmocka_unit_test_setup_teardown(clocks_and_marks_are_told, make_table, teardown),
        cmocka_unit_test_setup_teardown(a_trouble_lasts_until_it_ends, make_table, teardown),
        cmocka_unit_test_setup_teardown(a_flood_writes_ten_times_a_second, make_table, teardown),
        cmocka_unit_test_setup_teardown(the_log_tells_a_condition_once_until_it_has_ended, make_table, teardown),
        cmocka_unit_test_setup_teardown(the_log_waits_from_when_the_moderator_saw_it, make_table, teardown),
        cmocka_unit_test_setup_teardown(a_condition_that_was_not_told_ends_silently, make_table, teardown),
        cmocka_unit_test_setup_teardown(there_is_room_for_so_many_only, make_table, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
