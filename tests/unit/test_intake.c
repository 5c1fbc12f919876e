/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* Which senders are accepted, and what each datagram does to the table and to the log. */

#include "intake.h"

/* --- the list ---------------------------------------------------------------------------------------------- */

static void the_list_covers_what_it_says(void **state)
{
    static const struct {
        const char *network, *address;
        int covered;
    } cases[] = {
        {"192.0.2.0/24", "192.0.2.255", 1},
        {"192.0.2.0/24", "192.0.3.0", 0},
        {"192.0.2.0/24", "::ffff:192.0.2.9", 1},
        {"192.0.2.0/24", "::ffff:192.0.3.9", 0},
        {"192.0.2.0/24", "2001:db8::1", 0},
        {"192.0.2.0/255.255.255.0", "192.0.2.77", 1},
        {"192.0.2.7", "192.0.2.7", 1},
        {"192.0.2.7", "192.0.2.8", 0},
        {"0.0.0.0/0", "203.0.113.9", 1},
        {"0.0.0.0/0", "2001:db8::1", 0},
        {"::/0", "2001:db8::1", 1},
        {"::/0", "fe80::1", 1},
        {"2001:db8::/32", "2001:db8:1::1", 1},
        {"2001:db8::/32", "2001:db9::1", 0},
        {"2001:db8::1", "2001:db8::1", 1},
        {"::1", "192.0.2.1", 0},
        {"192.0.2.0/24", "a.test", 0},
        {"192.0.2.0/24", "", 0},
        {"192.0.2.0/24", "192.0.2", 0},
        {"192.0.2.0/24", "192.0.2.1:80", 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        backhand_accept_list *list = accept_list(cases[i].network);
        apr_sockaddr_t *address;
        if (backhand_accept_covers_text(list, cases[i].address) != cases[i].covered) {
            fail_msg("%s covers %s?", cases[i].network, cases[i].address);
        }
        if (strpbrk(cases[i].address, ":") == NULL || strchr(cases[i].address, '.') == NULL) {
            continue;
        }
        if (apr_sockaddr_info_get(&address, cases[i].address, APR_INET6, 1, 0, pool) == APR_SUCCESS) {
            assert_int_equal(backhand_accept_covers(list, address), cases[i].covered);
        }
    }
}

static void wide_lists_are_found(void **state)
{
    static const char *const wide[] = {"0.0.0.0/0",   "::/0",        "11.0.0.0/8", "128.0.0.0/1",
                                       "192.0.0.0/8", "223.0.0.0/7", "2001::/16",  "2000::/3"};
    static const char *const narrow[] = {"10.0.0.0/8", "127.0.0.0/8", "192.0.0.0/9",   "203.0.113.7", "172.16.0.0/12",
                                         "fc00::/7",   "fe80::/10",   "2001:db8::/32", "::1"};
    (void)state;
    for (size_t i = 0; i < sizeof(wide) / sizeof(wide[0]); i++) {
        backhand_accept_list *list = accept_list("10.0.0.0/8");
        assert_null(backhand_accept_add(list, wide[i]));
        assert_true(backhand_accept_is_wide(list));
    }
    for (size_t i = 0; i < sizeof(narrow) / sizeof(narrow[0]); i++) {
        assert_false(backhand_accept_is_wide(accept_list(narrow[i])));
    }
}

static void an_empty_list_covers_nothing(void **state)
{
    backhand_accept_list *list = apr_array_make(pool, 1, sizeof(apr_ipsubnet_t *));
    (void)state;
    assert_false(backhand_accept_covers_text(list, "127.0.0.1"));
    assert_false(backhand_accept_covers_text(list, "::1"));
}

static void the_list_says_what_would_be_right(void **state)
{
    static const char *const wrong[] = {"",         "a.test",         "localhost", "192.0.2.0/33", "192.0.2.0/x",
                                        "192.0.2/", "192.0.2.0/24/8", "300.0.0.1", "::1/129",      "[::1]",
                                        "a.test/0", "192.0.2.1:80",   "/24",       "192.0.2.0/-1", "192.0.2.1 "};
    backhand_accept_list *list = apr_array_make(pool, 1, sizeof(apr_ipsubnet_t *));
    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        const char *problem = backhand_accept_add(list, wrong[i]);
        if (!problem) {
            fail_msg("'%s' was accepted", wrong[i]);
        }
        assert_non_null(strstr(problem, "192.0.2.0/24"));
    }
    assert_int_equal(list->nelts, 0);
}

/* --- datagrams --------------------------------------------------------------------------------------------- */

static void the_good_one_is_in_the_table(void **state)
{
    backhand_announcement said = server(7), found;
    (void)state;
    said.stat.load = 1234;
    assert_int_equal(say("192.0.2.7", &said), BACKHAND_DROP_NONE);
    assert_int_equal(backhand_table_used(intake.table), 2);
    assert_true(backhand_table_read(intake.table, 1, &found, NULL));
    assert_int_equal(found.stat.load, 1234);
    assert_string_equal(found.stat.hostname, "s7.test");
    assert_int_equal(backhand_table_counted(intake.table, BACKHAND_COUNT_ACCEPTED), 1);
    assert_int_equal(heard.events[BACKHAND_EVENT_JOINED], 1);
    assert_non_null(strstr(heard.detail, "s7.test at http://192.0.2.7:80"));
}

static void each_check_has_its_reason(void **state)
{
    backhand_announcement said = server(7);
    char data[BACKHAND_MESSAGE_SIZE + 100];
    (void)state;
    assert_int_equal(say("192.0.3.7", &said), BACKHAND_DROP_SENDER);
    assert_int_equal(say("2001:db8::1", &said), BACKHAND_DROP_SENDER);
    strcpy(said.farm, "red");
    assert_int_equal(say("192.0.2.7", &said), BACKHAND_DROP_FARM);
    assert_string_equal(heard.detail, "red");
    said = server(7);
    backhand_contact_parse(&said.contact, "203.0.113.1:80", 0);
    backhand_contact_format(said.stat.contact, &said.contact);
    assert_int_equal(say("192.0.2.7", &said), BACKHAND_DROP_CONTACT);
    assert_string_equal(heard.detail, "http://203.0.113.1:80");
    assert_string_equal(heard.sender, "192.0.2.7");
    memset(data, 'a', sizeof(data));
    data[BACKHAND_MESSAGE_SIZE] = '\0';
    assert_int_equal(give("192.0.2.7", data), BACKHAND_DROP_LENGTH);
    assert_int_equal(give("192.0.2.7", "v=1&ready=1\n"), BACKHAND_DROP_TEXT);
    assert_int_equal(give("192.0.2.7", "v=3"), BACKHAND_DROP_FORMAT);
    assert_int_equal(give("192.0.2.7", "v=1"), BACKHAND_DROP_KEYS);
    assert_string_equal(heard.detail, "ready");
    assert_int_equal(give("192.0.2.7", "v=1&ready=-1"), BACKHAND_DROP_RANGE);
    said = server(7);
    assert_int_equal(say("192.0.2.7", &said), BACKHAND_DROP_NONE);
    assert_int_equal(say("192.0.2.7", &said), BACKHAND_DROP_OLD);
    for (int reason = BACKHAND_DROP_SENDER; reason < BACKHAND_DROP_FULL; reason++) {
        assert_int_equal(backhand_table_drops(intake.table, reason), reason == BACKHAND_DROP_SENDER ? 2 : 1);
        assert_int_equal(heard.dropped[reason], 1);
    }
    assert_int_equal(backhand_table_used(intake.table), 2);
}

static void a_full_table_says_so(void **state)
{
    (void)state;
    for (int i = 2; i < 9; i++) {
        backhand_announcement said = server(i);
        assert_int_equal(say("192.0.2.9", &said), BACKHAND_DROP_NONE);
    }
    backhand_announcement said = server(9);
    assert_int_equal(say("192.0.2.9", &said), BACKHAND_DROP_FULL);
    assert_int_equal(heard.dropped[BACKHAND_DROP_FULL], 1);
}

/* Ours come back by loopback, from an accepted address or not; that is nothing to count or to say. */
static void own_announcements_count_as_nothing(void **state)
{
    backhand_announcement said = server(1);
    backhand_counters before = *intake.table->counters;
    (void)state;
    said.boot = OWN_BOOT;
    said.stat.load = 77;
    for (int i = 0; i < 5; i++) {
        said.sequence++;
        assert_int_equal(say("192.0.2.1", &said), BACKHAND_DROP_NONE);
        assert_int_equal(say("203.0.113.1", &said), BACKHAND_DROP_NONE);
    }
    assert_memory_equal(&before, intake.table->counters, sizeof(before));
    assert_int_equal(backhand_table_used(intake.table), 1);
    assert_int_equal(intake.table->stats[0].load, 0);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(heard.events[i], 0);
    }
}

static void a_stock_heartbeat_joins_any_farm(void **state)
{
    backhand_announcement full = server(9), found;
    (void)state;
    assert_int_equal(give("192.0.2.9", "v=1&ready=5&busy=2"), BACKHAND_DROP_NONE);
    now += apr_time_from_sec(1);
    assert_int_equal(give("192.0.2.9", "v=1&ready=4&busy=3"), BACKHAND_DROP_NONE);
    assert_true(backhand_table_read(intake.table, 1, &found, NULL));
    assert_int_equal(found.stat.aservers, 4);
    assert_string_equal(found.farm, "blue");
    assert_int_equal(heard.events[BACKHAND_EVENT_JOINED], 1);
    assert_int_equal(give("192.0.3.9", "v=1&ready=5&busy=2"), BACKHAND_DROP_SENDER);

    /* A server that also runs mod_heartbeat is the one that it says itself. */
    full.stat.load = 5;
    assert_int_equal(say("192.0.2.9", &full), BACKHAND_DROP_NONE);
    give("192.0.2.9", "v=1&ready=1&busy=1");
    assert_int_equal(intake.table->stats[1].load, 5);
    give("192.0.2.1", "v=1&ready=1&busy=1");
    assert_int_equal(backhand_table_used(intake.table), 2);
    assert_int_equal(heard.events[BACKHAND_EVENT_RIVAL], 0);
}

static void servers_come_and_go(void **state)
{
    backhand_announcement said = server(7);
    (void)state;
    say("192.0.2.7", &said);
    assert_int_equal(heard.events[BACKHAND_EVENT_JOINED], 1);
    for (int i = 0; i < 5; i++) {
        now += apr_time_from_msec(250);
        said.sequence++;
        say("192.0.2.7", &said);
    }
    assert_int_equal(heard.events[BACKHAND_EVENT_JOINED], 1);

    said.leaving = 1;
    said.sequence++;
    say("192.0.2.7", &said);
    said.sequence++;
    say("192.0.2.7", &said);
    assert_int_equal(heard.events[BACKHAND_EVENT_LEFT], 1);
    assert_int_equal(intake.table->stats[1].mtime, 0);

    said.leaving = 0;
    said.boot++;
    said.sequence = 1;
    say("192.0.2.7", &said);
    assert_int_equal(heard.events[BACKHAND_EVENT_JOINED], 2);

    now += apr_time_from_sec(2);
    said.sequence++;
    say("192.0.2.7", &said);
    assert_int_equal(heard.events[BACKHAND_EVENT_JOINED], 3);
    assert_int_equal(backhand_table_used(intake.table), 2);
}

static void a_raised_mark_is_handed_on(void **state)
{
    backhand_announcement said = server(7);
    (void)state;
    said.stat.load_hwm = 4000;
    say("192.0.2.7", &said);
    assert_int_equal(taken.raised, 4000);
    said.sequence++;
    say("192.0.2.7", &said);
    assert_int_equal(taken.raised, 0);
    said.sequence++;
    said.stat.load_hwm = 2000;
    say("192.0.2.7", &said);
    assert_int_equal(taken.raised, 0);
    said.sequence++;
    said.stat.load_hwm = 8000;
    say("192.0.2.7", &said);
    assert_int_equal(taken.raised, 8000);
}

/* Two servers with our contact, or with another one's, heard in turns. */
static void rivals_are_named(int contact, int id)
{
    backhand_announcement one = server(contact), two = server(contact);
    one.boot = 101;
    two.boot = 102;
    strcpy(one.stat.hostname, "one.test");
    strcpy(two.stat.hostname, "two.test");
    for (int i = 0; i < 20; i++) {
        one.sequence++;
        two.sequence++;
        now += apr_time_from_msec(250);
        say("192.0.2.8", &one);
        if (id != 0) {
            say("192.0.2.9", &two);
        }
    }
    assert_int_equal(heard.events[BACKHAND_EVENT_RIVAL], 1);
    assert_int_equal(backhand_table_used(intake.table), id + 1);
    assert_true(backhand_table_rival(intake.table, id));
}

static void a_rival_of_another_is_named(void **state)
{
    (void)state;
    rivals_are_named(7, 1);
}

static void a_rival_of_ours_gets_no_slot(void **state)
{
    (void)state;
    rivals_are_named(1, 0);
    assert_non_null(strstr(heard.detail, "self.test and one.test both announce http://192.0.2.1:80"));
    assert_int_equal(heard.id, 0);
    assert_string_equal(intake.table->stats[0].hostname, "self.test");
}

static void a_flood_is_quiet_and_nothing_is_lost_count_of(void **state)
{
    int64_t said;
    (void)state;
    for (int i = 0; i < 100000; i++) {
        give("192.0.2.7", "v=1");
        give("203.0.113.7", "v=1&ready=1&busy=1");
        now += apr_time_from_msec(2);
    }
    /* 200 s: at the beginning, and after 60, 120 and 180 s. */
    assert_int_equal(heard.dropped[BACKHAND_DROP_KEYS], 4);
    assert_int_equal(heard.dropped[BACKHAND_DROP_SENDER], 4);
    assert_int_equal(backhand_table_drops(intake.table, BACKHAND_DROP_KEYS), 100000);
    said = heard.unsaid + heard.dropped[BACKHAND_DROP_KEYS] + heard.dropped[BACKHAND_DROP_SENDER];
    assert_int_equal(said + intake.quiet[BACKHAND_DROP_KEYS].unsaid + intake.quiet[BACKHAND_DROP_SENDER].unsaid,
                     200000);
}

/* A message of a broker has no sender's address: AcceptStats is compared with the contact. */
static void a_broker_passes_on_announcements(void **state)
{
    backhand_announcement said = server(7);
    backhand_voucher voucher;
    static const unsigned char contact[16] = {[10] = 0xff, [11] = 0xff, 192, 0, 2, 7};
    (void)state;
    assert_int_equal(say(NULL, &said), BACKHAND_DROP_NONE);
    assert_int_equal(backhand_table_used(intake.table), 2);
    backhand_table_voucher(intake.table, 1, &voucher);
    assert_memory_equal(voucher.sender, contact, sizeof(contact));
    assert_int_equal(say(NULL, &said), BACKHAND_DROP_OLD);
    strcpy(heard.sender, "");
    assert_int_equal(give(NULL, "v=1&ready=5&busy=2"), BACKHAND_DROP_KEYS);
    assert_string_equal(heard.sender, BACKHAND_SENDER_BROKER);
    assert_string_equal(heard.detail, "bh");
    said.boot++;
    backhand_contact_parse(&said.contact, "198.51.100.7:80", 0);
    backhand_contact_format(said.stat.contact, &said.contact);
    assert_int_equal(say(NULL, &said), BACKHAND_DROP_CONTACT);
    said.boot = OWN_BOOT;
    assert_int_equal(say(NULL, &said), BACKHAND_DROP_NONE);
    assert_int_equal(taken.id, -1);
    assert_int_equal(intake.echoed, 0);
}

static void comings_and_goings_are_bounded_too(void **state)
{
    backhand_announcement said = server(7);
    (void)state;
    for (int i = 0; i < 10000; i++) {
        said.sequence++;
        said.leaving = i % 2;
        say("192.0.2.7", &said);
    }
    assert_int_equal(heard.events[BACKHAND_EVENT_JOINED], BACKHAND_EVENT_BURST);
    assert_int_equal(heard.events[BACKHAND_EVENT_LEFT], BACKHAND_EVENT_BURST);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_list_covers_what_it_says),
        TEST(wide_lists_are_found),
        TEST(an_empty_list_covers_nothing),
        TEST(the_list_says_what_would_be_right),
        TEST(the_good_one_is_in_the_table),
        TEST(each_check_has_its_reason),
        TEST(a_full_table_says_so),
        TEST(own_announcements_count_as_nothing),
        TEST(a_stock_heartbeat_joins_any_farm),
        TEST(servers_come_and_go),
        TEST(a_raised_mark_is_handed_on),
        TEST(a_rival_of_another_is_named),
        TEST(a_rival_of_ours_gets_no_slot),
        TEST(a_flood_is_quiet_and_nothing_is_lost_count_of),
        TEST(a_broker_passes_on_announcements),
        TEST(comings_and_goings_are_bounded_too),
    };
    apr_initialize();
    return cmocka_run_group_tests_name("intake", tests, NULL, NULL);
}
