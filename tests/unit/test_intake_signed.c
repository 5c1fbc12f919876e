/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* Which announcements are accepted when servers have a secret, and clocks that differ. */

#include "intake.h"

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

/* --- orders ------------------------------------------------------------------------------------------------ */

static int ordered;

static void on_order(void *ctx, const backhand_announcement *from)
{
    assert_ptr_equal(ctx, &ordered);
    assert_int_equal(from->order, 7);
    ordered++;
}

/* One that drains this server. */
static backhand_announcement server_that_orders(void)
{
    backhand_announcement said = server(7);
    ordered = 0;
    intake.order = on_order;
    intake.order_ctx = &ordered;
    said.order = 7;
    said.order_do = 2;
    strcpy(said.order_to, "http://192.0.2.1:80");
    return said;
}

static void assert_ignored(int64_t count)
{
    assert_int_equal(ordered, 0);
    assert_int_equal(backhand_table_counted(intake.table, BACKHAND_COUNT_ORDERS_IGNORED), count);
    assert_int_equal(backhand_table_counted(intake.table, BACKHAND_COUNT_ACCEPTED), count);
    assert_int_equal(heard.events[BACKHAND_EVENT_ORDER], 1);
}

static void signed_orders_count(void **state)
{
    backhand_announcement said = server_that_orders();
    (void)state;
    share_a_secret(ONE);
    assert_int_equal(sign(&said, ONE, 0), BACKHAND_DROP_NONE);
    assert_int_equal(ordered, 1);
    assert_int_equal(backhand_table_counted(intake.table, BACKHAND_COUNT_ORDERS_IGNORED), 0);
    assert_int_equal(sign(&said, ONE, 0), BACKHAND_DROP_OLD);
    said.sequence++;
    assert_int_equal(sign(&said, TWO, 0), BACKHAND_DROP_SIGNATURE);
    assert_int_equal(say("192.0.2.7", &said), BACKHAND_DROP_SIGNATURE);
    assert_int_equal(ordered, 1);
}

static void orders_that_are_not_signed_are_ignored(void **state)
{
    backhand_announcement said = server_that_orders();
    (void)state;
    share_a_secret(ONE);
    intake.optional = 1;
    for (int i = 1; i <= 3; i++) {
        assert_int_equal(say("192.0.2.7", &said), BACKHAND_DROP_NONE);
        assert_ignored(i);
        said.sequence++;
    }
    assert_int_equal(sign(&said, ONE, 0), BACKHAND_DROP_NONE);
    assert_int_equal(ordered, 1);
}

static void without_a_secret_all_orders_are_ignored(void **state)
{
    backhand_announcement said = server_that_orders();
    (void)state;
    assert_int_equal(say("192.0.2.7", &said), BACKHAND_DROP_NONE);
    assert_ignored(1);
    said.sequence++;
    assert_int_equal(sign(&said, ONE, 0), BACKHAND_DROP_NONE);
    assert_ignored(2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(only_what_is_signed_is_taken),
        TEST(optional_keys_take_what_is_not_signed),
        TEST(clocks_may_differ_so_much),
        TEST(what_was_heard_is_not_heard_again),
        TEST(a_clock_that_is_put_right_hears_all_again),
        TEST(a_farm_that_is_put_right_goes_on),
        TEST(signed_orders_count),
        TEST(orders_that_are_not_signed_are_ignored),
        TEST(without_a_secret_all_orders_are_ignored),
    };
    apr_initialize();
    return cmocka_run_group_tests_name("intake_signed", tests, NULL, NULL);
}
