/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* Who is accepted, and what each datagram does to the table and to the log. */

#include "../said.h"
#include "announcements.h"

#include "announce/moderator/revoke.h"
#include "table/inside.h"

#include <apr_general.h>
#include <apr_hash.h>
#include <apr_strings.h>

#define OWN_BOOT 0xb007

static apr_pool_t *pool;
static apr_time_t now;
static apr_hash_t *senders;

/* What the log was told. */
static struct heard {
    int events[4];
    int dropped[BACKHAND_DROP_REASONS];
    int64_t unsaid;
    char sender[64];
    char detail[700];
    int id;
} heard;

static backhand_intake intake;

static apr_time_t clock_of_test(void)
{
    return now;
}

static apr_time_t wall_ahead;

static apr_time_t wall_of_test(void)
{
    return now + wall_ahead;
}

static void on_event(void *ctx, backhand_event event, backhand_drop reason, int id, const char *sender,
                     const char *detail, int64_t unsaid)
{
    assert_ptr_equal(ctx, &heard);
    heard.events[event]++;
    heard.dropped[reason] += event == BACKHAND_EVENT_DROPPED;
    heard.unsaid += unsaid;
    heard.id = id;
    apr_cpystrn(heard.sender, sender, sizeof(heard.sender));
    apr_cpystrn(heard.detail, detail, sizeof(heard.detail));
}

static backhand_accept_list *accept_list(const char *text)
{
    backhand_accept_list *list = apr_array_make(pool, 2, sizeof(apr_ipsubnet_t *));
    assert_null(backhand_accept_add(list, text));
    return list;
}

static int start(void **state)
{
    backhand_announcement self;
    (void)state;
    apr_pool_create(&pool, NULL);
    senders = apr_hash_make(pool);
    now = apr_time_from_sec(1000000);
    memset(&heard, 0, sizeof(heard));
    memset(&intake, 0, sizeof(intake));
    assert_int_equal(backhand_table_create(&intake.table, 8, 4, NULL, pool), APR_SUCCESS);
    backhand_table_set_clocks(intake.table, clock_of_test, wall_of_test);
    wall_ahead = 0;
    intake.accept = accept_list("192.0.2.0/24");
    intake.farm = "blue";
    intake.boot = OWN_BOOT;
    intake.event = on_event;
    intake.event_ctx = &heard;
    memset(&self, 0, sizeof(self));
    self.boot = OWN_BOOT;
    self.sequence = 1;
    self.interval = 250;
    strcpy(self.farm, "blue");
    strcpy(self.stat.hostname, "self.test");
    backhand_contact_parse(&self.contact, "192.0.2.1:80", 0);
    backhand_contact_format(self.stat.contact, &self.contact);
    backhand_table_set_self(intake.table, &self);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    backhand_table_unmap(intake.table);
    apr_pool_destroy(pool);
    return 0;
}

static backhand_announcement server(int n)
{
    backhand_announcement said;
    char name[64], contact[64];
    snprintf(name, sizeof(name), "s%d.test", n);
    snprintf(contact, sizeof(contact), "192.0.2.%d:80", n);
    said = said_by(name, contact, (uint64_t)n + 1, 1);
    said.stat.load_hwm = 1000;
    strcpy(said.farm, "blue");
    return said;
}

/* Of the last datagram. */
static backhand_update taken;

static backhand_drop give(const char *from, const char *data)
{
    apr_sockaddr_t *sender = apr_hash_get(senders, from, APR_HASH_KEY_STRING);
    if (!sender) {
        assert_int_equal(apr_sockaddr_info_get(&sender, from, APR_UNSPEC, 4445, 0, pool), APR_SUCCESS);
        apr_hash_set(senders, from, APR_HASH_KEY_STRING, sender);
    }
    taken = backhand_intake_datagram(&intake, data, strlen(data), sender);
    return taken.drop;
}

static backhand_drop say(const char *from, const backhand_announcement *said)
{
    char data[BACKHAND_MESSAGE_SIZE];
    assert_int_not_equal(backhand_message_encode(data, said), 0);
    return give(from, data);
}

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

/* --- with a secret ----------------------------------------------------------------------------------------- */

static backhand_keys *keys_of(const char *text)
{
    backhand_keys *keys;
    assert_null(backhand_keys_parse(&keys, text, strlen(text), "secret", pool));
    return keys;
}

#define ONE "11111111111111111111111111111111\n"
#define TWO "22222222222222222222222222222222\n"

static void share_a_secret(const char *text)
{
    intake.keys = keys_of(text);
    intake.skew = apr_time_from_sec(30);
    intake.seen = backhand_seen_create(8, intake.skew, pool);
    intake.started = now;
}

/* Says it, signed with the first of these keys, as long ago as said. */
static backhand_drop sign(backhand_announcement *said, const char *keys, apr_interval_time_t ago)
{
    char data[BACKHAND_MESSAGE_SIZE];
    said->time = apr_time_as_msec(now + wall_ahead - ago);
    assert_int_not_equal(backhand_message_sign(data, backhand_message_encode(data, said), keys_of(keys)), 0);
    return give("192.0.2.7", data);
}

static void only_what_is_signed_is_taken(void **state)
{
    backhand_announcement said = server(7);
    (void)state;
    share_a_secret(ONE);
    said.time = apr_time_as_msec(now);
    assert_int_equal(say("192.0.2.7", &said), BACKHAND_DROP_SIGNATURE);
    assert_string_equal(heard.detail, "it is not signed");
    now += apr_time_from_sec(61);
    assert_int_equal(sign(&said, TWO, 0), BACKHAND_DROP_SIGNATURE);
    assert_string_equal(heard.detail, "it is signed with another key");
    assert_int_equal(give("192.0.2.9", "v=1&ready=1&busy=1"), BACKHAND_DROP_SIGNATURE);
    assert_int_equal(backhand_table_drops(intake.table, BACKHAND_DROP_SIGNATURE), 3);
    assert_int_equal(sign(&said, ONE, 0), BACKHAND_DROP_NONE);
    said.sequence++;
    assert_int_equal(sign(&said, ONE TWO, 0), BACKHAND_DROP_NONE);
    said.sequence++;
    intake.keys = keys_of(TWO ONE);
    assert_int_equal(sign(&said, ONE, 0), BACKHAND_DROP_NONE);
    said.sequence++;
    assert_int_equal(sign(&said, TWO, 0), BACKHAND_DROP_NONE);
}

static void optional_keys_take_what_is_not_signed(void **state)
{
    backhand_announcement said = server(7);
    (void)state;
    share_a_secret(ONE);
    intake.optional = 1;
    assert_int_equal(say("192.0.2.7", &said), BACKHAND_DROP_NONE);
    said.sequence++;
    assert_int_equal(sign(&said, TWO, 0), BACKHAND_DROP_SIGNATURE);
    assert_int_equal(sign(&said, ONE, 0), BACKHAND_DROP_NONE);
    assert_int_equal(give("192.0.2.9", "v=1&ready=1&busy=1"), BACKHAND_DROP_NONE);
    now += apr_time_from_sec(100);
    said.sequence++;
    assert_int_equal(sign(&said, ONE, apr_time_from_sec(31)), BACKHAND_DROP_TIME);
}

static void clocks_may_differ_so_much(void **state)
{
    backhand_announcement said = server(7);
    const apr_interval_time_t most = apr_time_from_sec(30), ms = 1000;
    char data[BACKHAND_MESSAGE_SIZE];
    (void)state;
    share_a_secret(ONE);
    now += apr_time_from_sec(100);
    assert_int_equal(sign(&said, ONE, most + ms), BACKHAND_DROP_TIME);
    assert_string_equal(heard.detail, "30.001 s ago");
    now += apr_time_from_sec(61);
    assert_int_equal(sign(&said, ONE, -most - ms), BACKHAND_DROP_TIME);
    assert_string_equal(heard.detail, "30.001 s ahead");
    said.sequence++;
    assert_int_equal(sign(&said, ONE, most), BACKHAND_DROP_NONE);
    said.sequence++;
    assert_int_equal(sign(&said, ONE, -most), BACKHAND_DROP_NONE);
    said.sequence++;
    said.time = 0;
    backhand_message_sign(data, backhand_message_encode(data, &said), keys_of(ONE));
    assert_int_equal(give("192.0.2.7", data), BACKHAND_DROP_TIME);
    assert_int_equal(backhand_table_drops(intake.table, BACKHAND_DROP_TIME), 3);
}

/* Captured from a boot that the table no longer knows, or from before this start. */
static void what_was_heard_is_not_heard_again(void **state)
{
    backhand_announcement captured = server(7), said = captured;
    (void)state;
    share_a_secret(ONE);
    assert_int_equal(sign(&captured, ONE, 0), BACKHAND_DROP_NONE);
    assert_int_equal(sign(&captured, ONE, 0), BACKHAND_DROP_OLD);
    for (int i = 0; i < 5; i++) {
        now += apr_time_from_sec(1);
        said.boot += 1000;
        assert_int_equal(sign(&said, ONE, 0), BACKHAND_DROP_NONE);
    }
    assert_int_equal(sign(&captured, ONE, apr_time_from_sec(5)), BACKHAND_DROP_OLD);
    captured.leaving = 1;
    captured.boot = 77;
    assert_int_equal(sign(&captured, ONE, apr_time_from_sec(6)), BACKHAND_DROP_TIME);
    assert_int_equal(intake.table->slots[1].left, 0);
}

/* Its clock, and not the others', is ahead when it starts, and is put right later. Or right, and is set wrong for a
 * while. */
static void a_clock_that_is_put_right_hears_all_again(void **state)
{
    backhand_announcement other = server(7), third = server(8);
    const apr_time_t right = -apr_time_from_sec(20);
    (void)state;
    share_a_secret(ONE);
    other.sequence = third.sequence = 1;
    /* By 20 s: within the skew. Datagrams that were on their way when this server started are no reason to say
     * anything. */
    assert_int_equal(sign(&other, ONE, apr_time_from_sec(20)), BACKHAND_DROP_OLD);
    now += apr_time_from_sec(3);
    assert_int_equal(sign(&other, ONE, apr_time_from_sec(20)), BACKHAND_DROP_TIME);
    assert_string_equal(heard.detail, "before this server's start");
    now += apr_time_from_sec(14);
    assert_int_equal(sign(&other, ONE, apr_time_from_sec(20)), BACKHAND_DROP_TIME);
    wall_ahead = right;
    assert_int_equal(sign(&other, ONE, 0), BACKHAND_DROP_NONE);
    /* By an hour, either way. */
    for (int sign_of = -1; sign_of <= 1; sign_of += 2) {
        now += apr_time_from_sec(1);
        wall_ahead += sign_of * apr_time_from_sec(3600);
        assert_int_equal(sign(&third, ONE, wall_ahead - right), BACKHAND_DROP_TIME);
        wall_ahead -= sign_of * apr_time_from_sec(3600);
        assert_int_equal(sign(&third, ONE, wall_ahead - right), BACKHAND_DROP_NONE);
        third.boot += 100;
    }
    /* Many boots come and go while it is ahead, and still after that. */
    wall_ahead = right + apr_time_from_sec(3600);
    for (int i = 0; i < 40; i++) {
        now += apr_time_from_sec(20);
        wall_ahead = i == 20 ? right : wall_ahead;
        third.boot += 100;
        assert_int_equal(sign(&third, ONE, wall_ahead - right), i < 20 ? BACKHAND_DROP_TIME : BACKHAND_DROP_NONE);
    }
}

/* All clocks of a farm are ahead together, and are put right together. */
static void a_farm_that_is_put_right_goes_on(void **state)
{
    backhand_announcement said = server(7);
    (void)state;
    share_a_secret(ONE);
    wall_ahead = apr_time_from_sec(3600);
    for (int i = 0; i < 40; i++) {
        now += apr_time_from_sec(20);
        wall_ahead = i == 20 ? 0 : wall_ahead;
        said.boot += 100;
        assert_int_equal(sign(&said, ONE, 0), BACKHAND_DROP_NONE);
    }
}

/* --- another configuration --------------------------------------------------------------------------------- */

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

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

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
        TEST(comings_and_goings_are_bounded_too),
        TEST(only_what_is_signed_is_taken),
        TEST(optional_keys_take_what_is_not_signed),
        TEST(clocks_may_differ_so_much),
        TEST(what_was_heard_is_not_heard_again),
        TEST(a_clock_that_is_put_right_hears_all_again),
        TEST(a_farm_that_is_put_right_goes_on),
        TEST(another_configuration_forgets_whom_it_would_not_take),
    };
    apr_initialize();
    return cmocka_run_group_tests_name("intake", tests, NULL, NULL);
}
