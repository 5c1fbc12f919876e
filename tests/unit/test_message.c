/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* The wire format: what is written is read, what is malformed is not. */

#include "announcements.h"

#include <apr_general.h>

static apr_pool_t *pool;

#define GOOD                                                                                                           \
    "v=1&ready=3&busy=5&bh=1&farm=default&boot=1f&host=a.test&contact=http://192.0.2.1:80&seq=7&ms=250&ka=5000"        \
    "&load=100&hwm=1000&cpu=900&ncpu=4&tmem=8589934592&amem=4294967296&speed=1234&backed=12&tatime=9&inflight=2"

static void every_announcement_comes_back(void **state)
{
    (void)state;
    for (int i = 0; i < 100000; i++) {
        backhand_announcement said, heard;
        char data[BACKHAND_MESSAGE_SIZE], detail[32];
        apr_size_t length;
        draw_announcement(&said);
        length = backhand_message_encode(data, &said);
        assert_in_range(length, 1, BACKHAND_MESSAGE_SIZE - 1);
        assert_int_equal(strlen(data), length);
        assert_int_equal(strncmp(data, "v=1&ready=", 10), 0);
        assert_int_equal(decode(&heard, data, length, detail), BACKHAND_DROP_NONE);
        assert_memory_equal(&heard, &said, sizeof(said));
    }
}

static const backhand_keys *keys(int which)
{
    static const char *const texts[] = {"0123456789abcdef0123456789abcdef", "1123456789abcdef0123456789abcdef"};
    static backhand_keys *made[2];
    if (!made[which]) {
        assert_null(backhand_keys_parse(&made[which], texts[which], 32, "secret", pool));
    }
    return made[which];
}

static void the_longest_fits(void **state)
{
    backhand_announcement said;
    apr_size_t length;
    char data[BACKHAND_MESSAGE_SIZE];
    const backhand_field *field;
    (void)state;
    draw_announcement(&said);
    for (field = backhand_fields(); field->name; field++) {
        *(int64_t *)((char *)&said.stat + field->offset) = INT64_MAX;
    }
    memset(said.stat.hostname, 'x', sizeof(said.stat.hostname) - 1);
    memset(said.farm, '%', sizeof(said.farm) - 1);
    memset(said.zone, 0, sizeof(said.zone));
    memset(said.zone, 'x', sizeof(said.zone) - 1);
    assert_null(backhand_contact_parse(&said.contact, "https://[2001:db8:1111:1111:1111:1111:1111:1111]:65535", 0));
    backhand_contact_format(said.stat.contact, &said.contact);
    said.boot = UINT64_MAX;
    said.sequence = INT64_MAX;
    said.interval = said.keepalive = said.stat.inflight = INT64_MAX;
    said.stat.service = said.stat.parallel = said.stat.latency = said.stat.errors = said.stat.served = INT64_MAX;
    said.stat.typical = said.stat.samples = said.stat.spread = said.stat.calm = said.stat.stall = INT64_MAX;
    said.direct = 1;
    said.time = INT64_MAX;
    said.far = BACKHAND_FAR_IN;
    said.zone_servers = said.zone_ready = said.zone_busy = INT64_MAX;
    said.stat.duty = said.stat.withheld = said.order = said.order_do = INT64_MAX;
    memcpy(said.order_to, said.stat.contact, sizeof(said.order_to));
    for (int i = 0; i < 4; i++) {
        said.leaving = i & 1;
        said.stat.down = said.stat.why = i & 2 ? INT64_MAX : 0;
        assert_in_range(backhand_message_encode(data, &said), 1, BACKHAND_MESSAGE_SIZE - 1);
    }
    /* A farm that a directive can name. */
    memset(said.farm, 'x', sizeof(said.farm) - 1);
    for (int i = 0; i < 4; i++) {
        said.leaving = i & 1;
        said.stat.down = said.stat.why = i & 2 ? INT64_MAX : 0;
        length = backhand_message_encode(data, &said);
        assert_in_range(backhand_message_sign(data, length, keys(0)), 1, BACKHAND_MESSAGE_SIZE - 1);
    }
}

static void a_signature_covers_all(void **state)
{
    backhand_announcement said, heard;
    char data[BACKHAND_MESSAGE_SIZE];
    apr_size_t plain, length;
    (void)state;
    draw_announcement(&said);
    memset(said.farm, 0, sizeof(said.farm));
    strcpy(said.farm, "x");
    plain = backhand_message_encode(data, &said);
    assert_false(backhand_message_signed(data, plain));
    assert_false(backhand_message_verify(data, plain, keys(0)));
    length = backhand_message_sign(data, plain, keys(0));
    assert_int_equal(length, plain + 5 + 64);
    assert_int_equal(strlen(data), length);
    assert_true(backhand_message_signed(data, length));
    assert_true(backhand_message_verify(data, length, keys(0)));
    assert_false(backhand_message_verify(data, length, keys(1)));
    assert_int_equal(decode(&heard, data, length, NULL), BACKHAND_DROP_NONE);
    assert_memory_equal(&heard, &said, sizeof(said));
    for (apr_size_t i = 0; i < length; i++) {
        data[i] ^= 1;
        assert_false(backhand_message_verify(data, length, keys(0)));
        data[i] ^= 1;
        assert_false(backhand_message_verify(data, i, keys(0)));
    }
    strcpy(data + length, "&load=0");
    assert_false(backhand_message_verify(data, length + 7, keys(0)));
    assert_true(backhand_message_signed(data, length + 7));
    assert_int_equal(backhand_message_sign(data, 0, keys(0)), 0);
    memset(data, 'x', sizeof(data));
    assert_int_equal(backhand_message_sign(data, BACKHAND_MESSAGE_SIZE - 69, keys(0)), 0);
    assert_int_equal(backhand_message_sign(data, BACKHAND_MESSAGE_SIZE - 70, keys(0)), BACKHAND_MESSAGE_SIZE - 1);
}

static void numbers_out_of_range_are_written_in_range(void **state)
{
    backhand_announcement said, heard;
    char data[BACKHAND_MESSAGE_SIZE];
    apr_size_t length;
    (void)state;
    draw_announcement(&said);
    said.stat.cpu = 5000;
    said.stat.load = -7;
    said.stat.aservers = 9;
    said.stat.nservers = 4;
    length = backhand_message_encode(data, &said);
    assert_int_equal(decode(&heard, data, length, NULL), BACKHAND_DROP_NONE);
    assert_int_equal(heard.stat.cpu, 1000);
    assert_int_equal(heard.stat.load, 0);
    assert_int_equal(heard.stat.nservers, 9);
}

static void truncations_and_mutations_are_harmless(void **state)
{
    int refused = 0;
    (void)state;
    for (int i = 0; i < 300; i++) {
        backhand_announcement said, heard;
        char data[BACKHAND_MESSAGE_SIZE], other[BACKHAND_MESSAGE_SIZE], detail[32];
        apr_size_t length;
        draw_announcement(&said);
        length = backhand_message_encode(data, &said);
        for (apr_size_t cut = 0; cut <= length; cut++) {
            refused += decode(&heard, data, cut, detail) != BACKHAND_DROP_NONE;
            memcpy(other, data, length);
            other[draw() % length] = (char)draw();
            if (cut < length) {
                other[cut] = "&=%-0123456789"[draw() % 14];
            }
            refused += decode(&heard, other, length, detail) != BACKHAND_DROP_NONE;
        }
    }
    assert_true(refused > 100000);
}

static void noise_is_harmless(void **state)
{
    static const char *const words[] = {"v=1",
                                        "&",
                                        "=",
                                        "ready=",
                                        "busy=",
                                        "bh=1",
                                        "farm=",
                                        "boot=",
                                        "host=",
                                        "seq=",
                                        "%41",
                                        "%",
                                        "contact=http://192.0.2.1:80",
                                        "9",
                                        "-",
                                        "0",
                                        "leave=1",
                                        "x=y",
                                        "ms=",
                                        "cpu=",
                                        "load=",
                                        "99999999999999999999",
                                        "a"};
    (void)state;
    for (int i = 0; i < 200000; i++) {
        backhand_announcement heard;
        char data[BACKHAND_MESSAGE_SIZE + 64], detail[32];
        size_t length = 0, count = draw() % 40;
        while (count-- > 0) {
            const char *word = words[draw() % (sizeof(words) / sizeof(words[0]))];
            memcpy(data + length, word, strlen(word));
            length += strlen(word);
        }
        decode(&heard, data, length, detail);
        assert_true(strlen(detail) < sizeof(detail));
    }
}

typedef struct bad {
    backhand_drop reason;
    const char *key;  /* what `detail` must be */
    const char *from; /* the part of GOOD that is replaced; NULL: all of it */
    const char *to;
} bad;

static void replace(char *out, const char *from, const char *to)
{
    const char *at = strstr(GOOD, from);
    assert_non_null(at);
    sprintf(out, "%.*s%s%s", (int)(at - GOOD), GOOD, to, at + strlen(from));
}

#define ORDER(number, what, to) "&order=" number "&do=" what "&to=" to
/* The longest, of 71 bytes. */
#define LONG_TO "http://1234567890123456789012345678901234567890123456789012345678901234"

static const bad corpus[] = {
    {BACKHAND_DROP_FORMAT, "", NULL, ""},
    {BACKHAND_DROP_FORMAT, "", NULL, "&"},
    {BACKHAND_DROP_FORMAT, "", NULL, "="},
    {BACKHAND_DROP_FORMAT, "", NULL, "=1"},
    {BACKHAND_DROP_FORMAT, "v", NULL, "v"},
    {BACKHAND_DROP_FORMAT, "v", NULL, "v="},
    {BACKHAND_DROP_FORMAT, "v", NULL, "v=2&ready=1&busy=1"},
    {BACKHAND_DROP_FORMAT, "", NULL, "v=1&ready=1&busy=1&"},
    {BACKHAND_DROP_FORMAT, "", NULL, "v=1&&ready=1&busy=1"},
    {BACKHAND_DROP_FORMAT, "Hello??world", NULL, "Hello, world"},
    {BACKHAND_DROP_FORMAT, "ready", NULL, "v=1&ready=1&ready=1&busy=1"},
    {BACKHAND_DROP_FORMAT, "ready", NULL, "v=1&ready=1.5&busy=1"},
    {BACKHAND_DROP_FORMAT, "ready", NULL, "v=1&ready=+1&busy=1"},
    {BACKHAND_DROP_FORMAT, "ready", NULL, "v=1&ready= 1&busy=1"},
    {BACKHAND_DROP_FORMAT, "ready", NULL, "v=1&ready=&busy=1"},
    {BACKHAND_DROP_FORMAT, "ready", NULL, "v=1&ready=-&busy=1"},
    {BACKHAND_DROP_FORMAT, "ready", NULL, "v=1&ready=0x10&busy=1"},
    {BACKHAND_DROP_RANGE, "ready", NULL, "v=1&ready=-1&busy=1"},
    {BACKHAND_DROP_RANGE, "busy", NULL, "v=1&ready=1&busy=99999999999999999999999999"},
    {BACKHAND_DROP_RANGE, "busy", NULL, "v=1&ready=2147483647&busy=2147483647"},
    {BACKHAND_DROP_KEYS, "v", NULL, "ready=1&busy=1"},
    {BACKHAND_DROP_KEYS, "ready", NULL, "v=1&busy=1"},
    {BACKHAND_DROP_KEYS, "busy", NULL, "v=1&ready=1"},
    {BACKHAND_DROP_KEYS, "farm", NULL, "v=1&ready=1&busy=1&bh=1"},
    {BACKHAND_DROP_KEYS, "boot", "&boot=1f", ""},
    {BACKHAND_DROP_KEYS, "host", "&host=a.test", ""},
    {BACKHAND_DROP_KEYS, "contact", "&contact=http://192.0.2.1:80", ""},
    {BACKHAND_DROP_KEYS, "seq", "&seq=7", ""},
    {BACKHAND_DROP_KEYS, "inflight", "&inflight=2", ""},
    {BACKHAND_DROP_FORMAT, "bh", "bh=1", "bh=0"},
    {BACKHAND_DROP_FORMAT, "bh", "bh=1", "bh=3"},
    {BACKHAND_DROP_FORMAT, "bh", "bh=1", "bh=-1"},
    {BACKHAND_DROP_FORMAT, "bh", "bh=1", "bh=99999999999999999999"},
    {BACKHAND_DROP_KEYS, "cpu",
     "bh=1&farm=default&boot=1f&host=a.test&contact=http://192.0.2.1:80&seq=7&ms=250&ka=5000&load=100&hwm=1000&cpu=900",
     "bh=2&farm=default&boot=1f&host=a.test&contact=http://192.0.2.1:80&seq=7&ms=250&ka=5000&load=100&hwm=1000"},
    {BACKHAND_DROP_FORMAT, "bh", "bh=1", "bh=x"},
    {BACKHAND_DROP_FORMAT, "seq", "seq=7", "seq=7&seq=7"},
    {BACKHAND_DROP_FORMAT, "farm", "farm=default", "farm="},
    {BACKHAND_DROP_FORMAT, "farm", "farm=default", "farm=a%0Ab"},
    {BACKHAND_DROP_FORMAT, "farm", "farm=default", "farm=a%00b"},
    {BACKHAND_DROP_FORMAT, "farm", "farm=default", "farm=a%7Fb"},
    {BACKHAND_DROP_FORMAT, "farm", "farm=default", "farm=a%4"},
    {BACKHAND_DROP_FORMAT, "farm", "farm=default", "farm=a%"},
    {BACKHAND_DROP_FORMAT, "farm", "farm=default", "farm=a%xy"},
    {BACKHAND_DROP_FORMAT, "farm", "farm=default", "farm=a b"},
    {BACKHAND_DROP_FORMAT, "farm", "farm=default", "farm=a=b"},
    {BACKHAND_DROP_FORMAT, "farm", "farm=default",
     "farm=1234567890123456789012345678901234567890123456789012345678901234"},
    {BACKHAND_DROP_FORMAT, "boot", "boot=1f", "boot="},
    {BACKHAND_DROP_FORMAT, "boot", "boot=1f", "boot=0x1f"},
    {BACKHAND_DROP_RANGE, "boot", "boot=1f", "boot=0"},
    {BACKHAND_DROP_RANGE, "boot", "boot=1f", "boot=12345678123456781"},
    {BACKHAND_DROP_FORMAT, "host", "host=a.test", "host=a/b"},
    {BACKHAND_DROP_FORMAT, "zone", "&inflight=2", "&inflight=2&zone=eu.west"},
    {BACKHAND_DROP_FORMAT, "zone", "&inflight=2", "&inflight=2&zone="},
    {BACKHAND_DROP_FORMAT, "zone", "&inflight=2", "&inflight=2&zone=12345678901234567890123456789012"},
    {BACKHAND_DROP_FORMAT, "zone", "&inflight=2", "&inflight=2&zone=a&zone=a"},
    {BACKHAND_DROP_RANGE, "far", "&inflight=2", "&inflight=2&zone=a&far=3"},
    {BACKHAND_DROP_FORMAT, "far", "&inflight=2", "&inflight=2&far="},
    {BACKHAND_DROP_RANGE, "zs", "&inflight=2", "&inflight=2&zone=a&far=1&zs=2147483648"},
    {BACKHAND_DROP_FORMAT, "zb", "&inflight=2", "&inflight=2&zone=a&far=1&zb=1&zb=1"},
    {BACKHAND_DROP_FORMAT, "host", "host=a.test", "host=%3Cscript%3E"},
    {BACKHAND_DROP_FORMAT, "contact", "contact=http://192.0.2.1:80", "contact=http://a.test:80"},
    {BACKHAND_DROP_FORMAT, "contact", "contact=http://192.0.2.1:80", "contact=ftp://192.0.2.1:80"},
    {BACKHAND_DROP_FORMAT, "contact", "contact=http://192.0.2.1:80", "contact=http://192.0.2.1:99999"},
    {BACKHAND_DROP_FORMAT, "contact", "contact=http://192.0.2.1:80", "contact=http://192.0.2.1:80/x"},
    {BACKHAND_DROP_FORMAT, "contact", "contact=http://192.0.2.1:80", "contact=http://[::1"},
    {BACKHAND_DROP_RANGE, "ms", "ms=250", "ms=0"},
    {BACKHAND_DROP_RANGE, "cpu", "cpu=900", "cpu=1001"},
    {BACKHAND_DROP_RANGE, "tmem", "tmem=8589934592", "tmem=9223372036854775808"},
    {BACKHAND_DROP_RANGE, "tmem", "tmem=8589934592", "tmem=-9223372036854775808"},
    {BACKHAND_DROP_RANGE, "time", "&inflight=2", "&inflight=2&time=-1"},
    {BACKHAND_DROP_RANGE, "time", "&inflight=2", "&inflight=2&time=253402300800000"},
    {BACKHAND_DROP_RANGE, "leave", "&inflight=2", "&inflight=2&leave=2"},
    {BACKHAND_DROP_RANGE, "order", "&inflight=2", "&inflight=2" ORDER("-1", "2", "http://192.0.2.1:80")},
    {BACKHAND_DROP_RANGE, "order", "&inflight=2", "&inflight=2" ORDER("9223372036854775808", "2", "x")},
    {BACKHAND_DROP_FORMAT, "order", "&inflight=2", "&inflight=2" ORDER("7x", "2", "x")},
    {BACKHAND_DROP_FORMAT, "order", "&inflight=2", "&inflight=2" ORDER("7&order=8", "2", "x")},
    {BACKHAND_DROP_RANGE, "do", "&inflight=2", "&inflight=2" ORDER("7", "1000", "x")},
    {BACKHAND_DROP_RANGE, "do", "&inflight=2", "&inflight=2" ORDER("7", "-1", "x")},
    {BACKHAND_DROP_FORMAT, "do", "&inflight=2", "&inflight=2" ORDER("7", "", "x")},
    {BACKHAND_DROP_FORMAT, "do", "&inflight=2", "&inflight=2" ORDER("7", "2&do=3", "x")},
    {BACKHAND_DROP_FORMAT, "to", "&inflight=2", "&inflight=2" ORDER("7", "2", "")},
    {BACKHAND_DROP_FORMAT, "to", "&inflight=2", "&inflight=2" ORDER("7", "2", "a%0Ab")},
    {BACKHAND_DROP_FORMAT, "to", "&inflight=2", "&inflight=2" ORDER("7", "2", "x&to=y")},
    {BACKHAND_DROP_FORMAT, "to", "&inflight=2", "&inflight=2" ORDER("7", "2", LONG_TO "2")},
};

static void bad_ones_are_refused_for_the_right_reason(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(corpus) / sizeof(corpus[0]); i++) {
        backhand_announcement heard;
        char data[BACKHAND_MESSAGE_SIZE], detail[32];
        strcpy(data, corpus[i].to);
        if (corpus[i].from) {
            replace(data, corpus[i].from, corpus[i].to);
        }
        if (decode(&heard, data, strlen(data), detail) != corpus[i].reason || strcmp(detail, corpus[i].key) != 0) {
            fail_msg("%s: not %s of %s but of %s", data, backhand_drop_name(corpus[i].reason), corpus[i].key, detail);
        }
    }
}

static void orders_are_read(const char *keys, int64_t number, int64_t what, const char *to)
{
    backhand_announcement heard;
    char data[BACKHAND_MESSAGE_SIZE];

    sprintf(data, "%s%s", GOOD, keys);
    assert_int_equal(decode(&heard, data, strlen(data), NULL), BACKHAND_DROP_NONE);
    assert_int_equal(heard.order, number);
    assert_int_equal(heard.order_do, what);
    assert_string_equal(heard.order_to, to);
}

static void extreme_orders_are_read(void **state)
{
    (void)state;
    orders_are_read("", 0, 0, "");
    orders_are_read(ORDER("9223372036854775807", "999", LONG_TO), INT64_MAX, 999, LONG_TO);
    orders_are_read("&to=x&do=2&order=7", 7, 2, "x");
    orders_are_read(ORDER("0", "2", "x"), 0, 0, "");
    orders_are_read("&order=7", 0, 0, "");
    orders_are_read("&order=7&to=x", 0, 0, "");
    orders_are_read("&order=7&do=2", 0, 0, "");
    orders_are_read("&do=2&to=x", 0, 0, "");
}

static void length_and_text_are_checked_first(void **state)
{
    backhand_announcement heard;
    char data[BACKHAND_MESSAGE_SIZE + 1];
    (void)state;
    memset(data, 'x', sizeof(data));
    data[0] = '\x01';
    assert_int_equal(decode(&heard, data, BACKHAND_MESSAGE_SIZE, NULL), BACKHAND_DROP_LENGTH);
    assert_int_equal(decode(&heard, data, BACKHAND_MESSAGE_SIZE - 1, NULL), BACKHAND_DROP_TEXT);
    for (int c = -128; c < 256; c++) {
        backhand_drop reason;
        strcpy(data, GOOD "&more=");
        data[strlen(GOOD)] = (char)c;
        reason = decode(&heard, data, strlen(GOOD) + 6, NULL);
        assert_int_equal(reason == BACKHAND_DROP_TEXT, (char)c < ' ' || (char)c > '~');
    }
}

static void unknown_keys_are_ignored(void **state)
{
    backhand_announcement plain, more;
    char data[BACKHAND_MESSAGE_SIZE];
    (void)state;
    assert_int_equal(decode(&plain, GOOD, strlen(GOOD), NULL), BACKHAND_DROP_NONE);
    strcpy(data, GOOD "&sig=ab=cd&x=1&x=2&loads=5&=");
    assert_int_equal(decode(&more, data, strlen(data) - 2, NULL), BACKHAND_DROP_NONE);
    assert_memory_equal(&plain, &more, sizeof(plain));
    assert_int_equal(plain.stat.aservers, 3);
    assert_int_equal(plain.stat.nservers, 8);
    assert_int_equal(plain.stat.tmem, 8589934592);
    assert_int_equal(plain.boot, 0x1f);
    assert_string_equal(plain.stat.contact, "http://192.0.2.1:80");
}

static void the_next_format_is_understood(void **state)
{
    backhand_announcement ours, next;
    char data[BACKHAND_MESSAGE_SIZE];
    (void)state;
    assert_int_equal(decode(&ours, GOOD, strlen(GOOD), NULL), BACKHAND_DROP_NONE);
    replace(data, "bh=1", "bh=2&idle=1.5");
    strcat(data, "&sessions=%5B%5D");
    assert_int_equal(decode(&next, data, strlen(data), NULL), BACKHAND_DROP_NONE);
    assert_memory_equal(&next, &ours, sizeof(ours));
}

static void a_stock_heartbeat_is_a_server(void **state)
{
    static const char *const texts[] = {"v=1&ready=75&busy=3",
                                        "v=1&ready=75&busy=3&load=0.5&cpu=x&farm=", "busy=3&ready=75&v=1"};
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        backhand_announcement heard;
        assert_int_equal(decode(&heard, texts[i], strlen(texts[i]), NULL), BACKHAND_DROP_NONE);
        assert_int_equal(heard.boot, 0);
        assert_int_equal(heard.stat.aservers, 75);
        assert_int_equal(heard.stat.nservers, 78);
        assert_int_equal(heard.interval, 1000);
        assert_int_equal(heard.keepalive, 5000);
        assert_string_equal(heard.stat.contact, "http://192.0.2.77:80");
        assert_string_equal(heard.stat.hostname, "192.0.2.77");
        assert_string_equal(heard.farm, "");
        assert_int_equal(backhand_message_decode(&heard, texts[i], strlen(texts[i]), "2001:db8::7", NULL), 0);
        assert_string_equal(heard.stat.contact, "http://[2001:db8::7]:80");
    }
}

int main(void)
{
    int failed;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_announcement_comes_back),
        cmocka_unit_test(the_longest_fits),
        cmocka_unit_test(a_signature_covers_all),
        cmocka_unit_test(numbers_out_of_range_are_written_in_range),
        cmocka_unit_test(truncations_and_mutations_are_harmless),
        cmocka_unit_test(noise_is_harmless),
        cmocka_unit_test(bad_ones_are_refused_for_the_right_reason),
        cmocka_unit_test(extreme_orders_are_read),
        cmocka_unit_test(length_and_text_are_checked_first),
        cmocka_unit_test(unknown_keys_are_ignored),
        cmocka_unit_test(the_next_format_is_understood),
        cmocka_unit_test(a_stock_heartbeat_is_a_server),
    };
    apr_initialize();
    apr_pool_create(&pool, NULL);
    failed = cmocka_run_group_tests_name("message", tests, NULL, NULL);
    apr_terminate();
    return failed;
}
