/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* The newest word of a server, announced or said with a response. */

#include "farm.h"
#include "table/view.h"

/* --- the newest word --------------------------------------------------------------------------------------- */

static int hear_service(uint64_t boot, uint64_t sequence, int64_t service, int64_t inflight)
{
    backhand_announcement said = server(5, boot, sequence);
    int id;
    said.stat.service = service;
    said.stat.inflight = inflight;
    said.stat.parallel = 2000;
    said.stat.latency = service + 1;
    said.stat.errors = 3;
    said.stat.typical = 700;
    said.stat.samples = 90;
    assert_int_equal(take(&said, &id), BACKHAND_DROP_NONE);
    return id;
}

static void report(int id, int64_t service, int64_t inflight)
{
    backhand_work said = {
        .inflight = inflight, .service = service, .parallel = 4000, .latency = 9, .errors = 7, .stall = 3000};
    backhand_table_report(table, id, backhand_table_slot_generation(table, id), &said, 200);
}

static backhand_view view_of(int id)
{
    backhand_view view;
    memset(&view, 0xff, sizeof(view));
    backhand_table_view(table, id, &view);
    return view;
}

static void the_newest_of_both_counts(void **state)
{
    int id = hear_service(1, 1, 1000, 4);
    (void)state;
    assert_int_equal(view_of(id).work.service, 1000);
    assert_int_equal(view_of(id).work.inflight, 4);
    assert_int_equal(view_of(id).work.latency, 1001);
    wait_ms(10);
    report(id, 2000, 6);
    assert_int_equal(view_of(id).work.service, 2000);
    assert_int_equal(view_of(id).work.inflight, 6);
    assert_int_equal(view_of(id).work.parallel, 4000);
    assert_int_equal(view_of(id).work.latency, 9);
    assert_int_equal(view_of(id).work.errors, 7);
    assert_int_equal(view_of(id).work.stall, 3000);
    /* Figures that a response lacks stay as announced. */
    assert_int_equal(view_of(id).work.typical, 700);
    assert_int_equal(view_of(id).work.samples, 90);
    assert_int_equal(backhand_table_counted(table, BACKHAND_COUNT_REPORTS), 1);
    /* Beside the announced ones, not in their place. */
    assert_int_equal(table->stats[id].service, 1000);
    wait_ms(10);
    hear_service(1, 2, 3000, 1);
    assert_int_equal(view_of(id).work.service, 3000);
    assert_int_equal(view_of(id).work.errors, 3);
    wait_ms(10);
    report(id, 4000, 0);
    assert_int_equal(view_of(id).work.service, 4000);
}

static void requests_of_ours_are_told_apart(void **state)
{
    int id = hear_service(1, 1, 1000, 4);
    (void)state;
    for (int i = 0; i < 5; i++) {
        backhand_table_sent(table, id, backhand_table_slot_generation(table, id));
    }
    assert_int_equal(view_of(id).outstanding, 0);
    assert_int_equal(view_of(id).sent, 0);
    wait_ms(10);
    backhand_table_begun(table, id, backhand_table_slot_generation(table, id));
    report(id, 1000, 4);
    /* The one that is being answered it does not count either. */
    assert_int_equal(view_of(id).outstanding, 4);
    assert_int_equal(view_of(id).sent, 5);
    backhand_table_returned(table, id, backhand_table_slot_generation(table, id));
    wait_ms(10);
    hear_service(1, 2, 1000, 4);
    assert_int_equal(view_of(id).outstanding, 4);
    assert_int_equal(view_of(id).sent, 5);
}

static void another_boot_is_another_server(void **state)
{
    int id = hear_service(1, 9, 1000, 4);
    (void)state;
    wait_ms(10);
    report(id, 2000, 6);
    /* In the same microsecond, even: what the last boot said does not count. */
    assert_int_equal(hear_service(2, 1, 0, 0), id);
    assert_int_equal(view_of(id).work.service, 0);
    assert_int_equal(view_of(id).work.inflight, 0);
}

static void another_server_in_the_slot_begins_anew(void **state)
{
    int id = hear_service(1, 1, 1000, 4);
    (void)state;
    wait_ms(10);
    report(id, 2000, 6);
    assert_true(table->slots[id].hop > 0);
    wait_ms(60000);
    for (int other = 10; other < 10 + SERVERS - 2; other++) {
        hear(other, 1, 1);
    }
    assert_int_equal(hear(50, 1, 1), id);
    assert_int_equal(view_of(id).work.service, 0);
    assert_int_equal(table->slots[id].hop, 0);
    assert_int_equal(table->slots[id].report.heard, 0);
}

static void this_server_says_what_it_does_now(void **state)
{
    backhand_announcement self = server(0, 1, 2);
    (void)state;
    self.stat.service = 500;
    self.stat.inflight = 90;
    backhand_table_set_self(table, &self);
    assert_int_equal(view_of(0).work.service, 500);
    assert_int_equal(view_of(0).work.inflight, 0);
    backhand_meter_enter(table->meter, clock_now);
    assert_int_equal(view_of(0).work.inflight, 1);
    backhand_meter_leave(table->meter, clock_now);
    backhand_meter_leave(table->meter, clock_now);
    assert_int_equal(view_of(0).work.inflight, 0);
}

static void a_hop_is_smoothed(void **state)
{
    int id = hear_service(1, 1, 1000, 4);
    backhand_work said = {.service = 1};
    (void)state;
    backhand_table_report(table, id, backhand_table_slot_generation(table, id), &said, -1);
    assert_int_equal(table->slots[id].hop, 0);
    backhand_table_report(table, id, backhand_table_slot_generation(table, id), &said, 0);
    assert_true(table->slots[id].hop > 0);
    for (int i = 0; i < 100; i++) {
        backhand_table_report(table, id, backhand_table_slot_generation(table, id), &said, 1000);
    }
    assert_in_range(table->slots[id].hop, 900, 1001);
    backhand_table_report(table, id, backhand_table_slot_generation(table, id), &said, 100000);
    assert_in_range(table->slots[id].hop, 1001, 20000);
    assert_int_equal(backhand_table_counted(table, BACKHAND_COUNT_REPORTS), 103);
}

/* The time that every third request waits in a backlog is no part of the hop. */
static void waiting_is_no_hop(void **state)
{
    int id = hear_service(1, 1, 1000, 4);
    backhand_work said = {.service = 1};
    (void)state;
    for (int i = 0; i < 600; i++) {
        int64_t hop = i % 3 == 2 ? 80000 : 400 + i % 5 * 100;
        backhand_table_report(table, id, backhand_table_slot_generation(table, id), &said, hop);
    }
    assert_in_range(table->slots[id].hop, 400, 1000);
    for (int i = 0; i < 200; i++) {
        backhand_table_report(table, id, backhand_table_slot_generation(table, id), &said, 5000);
    }
    assert_in_range(table->slots[id].hop, 4000, 5001);
}

/* The report comes from the httpd at this server's own contact. `sent`: requests of this server, of which the answered
 * one is still counted. */
static void contact_says(int inflight, int sent)
{
    backhand_work said = {.service = 1, .inflight = inflight};
    uint64_t generation = backhand_table_slot_generation(table, 0);
    for (int i = 0; i < sent; i++) {
        backhand_table_sent(table, 0, generation);
    }
    backhand_table_report(table, 0, generation, &said, 300);
    for (int i = 0; i < sent; i++) {
        backhand_table_begun(table, 0, generation);
        backhand_table_returned(table, 0, generation);
    }
}

static void guests_at_the_contact_count(void **state)
{
    backhand_announcement self = server(0, 1, 2);
    backhand_work work;
    (void)state;
    backhand_table_set_self(table, &self);
    contact_says(2, 3);
    assert_int_equal(view_of(0).work.inflight, 0);
    contact_says(7, 3);
    assert_int_equal(view_of(0).work.inflight, 5);
    assert_int_equal(backhand_meter_enter(table->meter, clock_now), 6);
    assert_int_equal(view_of(0).work.inflight, 6);
    wait_ms(900);
    backhand_meter_read(table->meter, clock_now, 0, &work);
    assert_int_equal(work.inflight, 6);
    wait_ms(200);
    backhand_meter_read(table->meter, clock_now, 0, &work);
    assert_int_equal(work.inflight, 1);
    /* This server is its own contact. */
    backhand_table_count(table, BACKHAND_COUNT_RECEIVED);
    contact_says(7, 3);
    assert_int_equal(view_of(0).work.inflight, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FARM_TEST(the_newest_of_both_counts),
        FARM_TEST(requests_of_ours_are_told_apart),
        FARM_TEST(another_boot_is_another_server),
        FARM_TEST(another_server_in_the_slot_begins_anew),
        FARM_TEST(this_server_says_what_it_does_now),
        FARM_TEST(a_hop_is_smoothed),
        FARM_TEST(waiting_is_no_hop),
        FARM_TEST(guests_at_the_contact_count),
    };
    return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
