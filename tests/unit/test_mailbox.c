/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* The mailbox for orders: what is given is taken whole, once, and answered; nothing that a writer does stops it. */

#include "farm.h"

#include "announce/wire/order.h"
#include "table/inside.h"

static const backhand_order drain = {BACKHAND_ORDER_DRAIN, 0, "http://10.0.0.1:80", "user root"};

static void an_order_is_taken_whole_and_answered(void **state)
{
    backhand_order got;
    uint64_t ticket = backhand_order_give(table, &drain), taken;
    (void)state;
    assert_int_not_equal(ticket, 0);
    assert_int_equal(backhand_order_look(table, ticket), BACKHAND_ORDER_PENDING);
    taken = backhand_order_take(table, &got);
    assert_true(taken == ticket);
    assert_int_equal(got.kind, BACKHAND_ORDER_DRAIN);
    assert_string_equal(got.contact, drain.contact);
    assert_string_equal(got.by, drain.by);
    assert_int_equal(backhand_order_take(table, &got), 0);
    assert_int_equal(backhand_order_look(table, ticket), BACKHAND_ORDER_PENDING);
    backhand_order_answer(table, taken, BACKHAND_ORDER_OBEYED);
    assert_int_equal(backhand_order_look(table, ticket), BACKHAND_ORDER_OBEYED);
    assert_int_equal(backhand_order_look(table, ticket), BACKHAND_ORDER_LOST);
}

static void places_are_bounded_and_come_back(void **state)
{
    uint64_t tickets[BACKHAND_ORDER_PLACES];
    backhand_order got;
    (void)state;
    for (int i = 0; i < BACKHAND_ORDER_PLACES; i++) {
        tickets[i] = backhand_order_give(table, &drain);
        assert_int_not_equal(tickets[i], 0);
    }
    assert_int_equal(backhand_order_give(table, &drain), 0);
    assert_int_equal(backhand_order_wait(table, &drain, 0), BACKHAND_ORDER_FULL);
    for (int i = 0; i < BACKHAND_ORDER_PLACES; i++) {
        assert_int_not_equal(backhand_order_take(table, &got), 0);
        backhand_order_answer(table, tickets[i], BACKHAND_ORDER_UNKNOWN);
    }
    /* Nobody reads the answers. */
    backhand_order_sweep(table, 0);
    assert_int_equal(backhand_order_give(table, &drain), 0);
    wait_ms(31000);
    backhand_order_sweep(table, 0);
    assert_int_not_equal(backhand_order_give(table, &drain), 0);
    assert_int_equal(backhand_order_look(table, tickets[1]), BACKHAND_ORDER_LOST);
}

static void a_writer_that_dies_costs_a_place_for_seconds_only(void **state)
{
    backhand_order got;
    (void)state;
    table->head->orders[0].state = 1 << 3 | 1;
    table->head->orders[0].since = table->now();
    backhand_order_sweep(table, 0);
    assert_int_equal(table->head->orders[0].state & 7, 1);
    wait_ms(6000);
    backhand_order_sweep(table, 0);
    assert_int_equal(table->head->orders[0].state & 7, 0);
    assert_int_equal(backhand_order_take(table, &got), 0);
}

static void an_order_that_an_earlier_moderator_took_is_lost(void **state)
{
    backhand_order got;
    uint64_t ticket = backhand_order_give(table, &drain);
    (void)state;
    assert_true(backhand_order_take(table, &got) == ticket);
    backhand_order_sweep(table, 1);
    assert_int_equal(backhand_order_look(table, ticket), BACKHAND_ORDER_LOST);
}

static void rubbish_in_the_mailbox_is_harmless(void **state)
{
    backhand_order got;
    (void)state;
    for (unsigned seed = 1; seed < 2000; seed++) {
        unsigned char *bytes = (unsigned char *)table->head->orders;
        srand(seed);
        for (size_t i = 0; i < sizeof(table->head->orders); i++) {
            bytes[i] = (unsigned char)rand();
        }
        for (uint64_t ticket; (ticket = backhand_order_take(table, &got)) != 0;) {
            assert_in_range(got.kind, 0, BACKHAND_ORDER_KINDS);
            assert_in_range(got.weight + 1, 0, 101);
            assert_in_range(strlen(got.contact), 0, sizeof(got.contact) - 1);
            assert_in_range(strlen(got.by), 0, sizeof(got.by) - 1);
            backhand_order_answer(table, ticket, BACKHAND_ORDER_WRONG);
        }
        backhand_order_look(table, (uint64_t)rand());
        wait_ms(40000);
        backhand_order_sweep(table, 1);
        wait_ms(40000);
        backhand_order_sweep(table, 1);
        clock_now = apr_time_from_sec(1000000);
    }
}

static void servers_are_found_by_number_contact_and_name(void **state)
{
    char contact[BACKHAND_CONTACT_SIZE];
    backhand_announcement said = server(2, 10, 1);
    int a = hear(1, 9, 1), b;
    (void)state;
    snprintf(said.stat.hostname, sizeof(said.stat.hostname), "server1");
    assert_int_equal(backhand_order_find(table, "SERVER1", contact), a);
    assert_string_equal(contact, "http://10.0.0.1:80");
    assert_int_equal(backhand_order_find(table, "1", contact), 1);
    assert_int_equal(backhand_order_find(table, "http://10.0.0.0:80", contact), 0);
    assert_int_equal(backhand_order_find(table, "7", contact), -1);
    assert_int_equal(backhand_order_find(table, "", contact), -1);
    assert_int_equal(take(&said, &b), BACKHAND_DROP_NONE);
    assert_int_equal(backhand_order_find(table, "server1", contact), -2);
    assert_int_equal(backhand_order_find(table, "http://10.0.0.2:80", contact), b);
}

static int hear_as(int n, const char *hostname)
{
    backhand_announcement said = server(n, 9, 1);
    int id;
    snprintf(said.stat.hostname, sizeof(said.stat.hostname), "%s", hostname);
    assert_int_equal(take(&said, &id), BACKHAND_DROP_NONE);
    return id;
}

static void servers_are_found_by_short_names(void **state)
{
    char contact[BACKHAND_CONTACT_SIZE];
    int a = hear_as(1, "web1.example.com"), b = hear_as(2, "web10.example.com"), c;
    (void)state;
    assert_int_equal(backhand_order_find(table, "web1", contact), a);
    assert_string_equal(contact, "http://10.0.0.1:80");
    assert_int_equal(backhand_order_find(table, "WEB10.example", contact), b);
    assert_string_equal(contact, "http://10.0.0.2:80");
    assert_int_equal(backhand_order_find(table, "web", contact), -1);
    assert_int_equal(backhand_order_find(table, "web1.", contact), -1);
    assert_int_equal(backhand_order_find(table, "", contact), -1);
    hear_as(3, "web1.example.org");
    assert_int_equal(backhand_order_find(table, "web1", contact), -2);
    assert_int_equal(backhand_order_find(table, "web1.example.com", contact), a);
    c = hear_as(4, "web1");
    assert_int_equal(backhand_order_find(table, "web1", contact), c);
    assert_string_equal(contact, "http://10.0.0.4:80");
    hear_as(5, "192.0.2.1");
    assert_int_equal(backhand_order_find(table, "192.0", contact), -1);
}

static void words_and_numbers_come_back(void **state)
{
    backhand_order_kind kind;
    int weight;
    (void)state;
    for (int i = 0; i < BACKHAND_ORDER_KINDS; i++) {
        assert_int_equal(backhand_order_kind_of(backhand_order_word((backhand_order_kind)i)), i);
    }
    assert_int_equal(backhand_order_kind_of("Drain"), BACKHAND_ORDER_KINDS);
    for (int i = 0; i < BACKHAND_ORDER_RESULTS; i++) {
        assert_non_null(backhand_order_result_text((backhand_order_result)i));
    }
    for (int i = 0; i < BACKHAND_ORDER_FORGET; i++) {
        assert_true(backhand_order_read(backhand_order_write((backhand_order_kind)i, 37), &kind, &weight));
        assert_int_equal(kind, i);
        assert_int_equal(weight, i == BACKHAND_ORDER_WEIGHT ? 37 : 0);
    }
    assert_int_equal(backhand_order_write(BACKHAND_ORDER_FORGET, 0), 0);
    for (int n = 0; n < BACKHAND_ORDER_NUMBER_MAX; n++) {
        assert_int_equal(backhand_order_read(n, &kind, &weight), (n >= 1 && n <= 3) || (n >= 100 && n <= 200));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FARM_TEST(an_order_is_taken_whole_and_answered),
        FARM_TEST(places_are_bounded_and_come_back),
        FARM_TEST(a_writer_that_dies_costs_a_place_for_seconds_only),
        FARM_TEST(an_order_that_an_earlier_moderator_took_is_lost),
        FARM_TEST(rubbish_in_the_mailbox_is_harmless),
        FARM_TEST(servers_are_found_by_number_contact_and_name),
        FARM_TEST(servers_are_found_by_short_names),
        FARM_TEST(words_and_numbers_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
