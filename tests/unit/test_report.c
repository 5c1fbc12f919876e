/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* The newest word of a server, announced or said with a response; and how much of the farm's work this server gives out. */

#include "farm.h"

/* --- the newest word --------------------------------------------------------------------------------------------- */

static int hear_service(uint64_t boot, uint64_t sequence, int64_t service, int64_t inflight)
{
    backhand_announcement said = server(5, boot, sequence);
    int id;
    said.stat.service = service;
    said.stat.inflight = inflight;
    said.stat.parallel = 2000;
    said.stat.latency = service + 1;
    said.stat.errors = 3;
    assert_int_equal(take(&said, &id), BACKHAND_DROP_NONE);
    return id;
}

static void report(int id, int64_t service, int64_t inflight)
{
    backhand_report said = {.inflight = inflight, .service = service, .parallel = 4000, .latency = 9, .errors = 7};
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
    assert_int_equal(view_of(id).service, 1000);
    assert_int_equal(view_of(id).inflight, 4);
    assert_int_equal(view_of(id).latency, 1001);
    wait_ms(10);
    report(id, 2000, 6);
    assert_int_equal(view_of(id).service, 2000);
    assert_int_equal(view_of(id).inflight, 6);
    assert_int_equal(view_of(id).parallel, 4000);
    assert_int_equal(view_of(id).latency, 9);
    assert_int_equal(view_of(id).errors, 7);
    assert_int_equal(table->counters->reports, 1);
    /* Beside the announced ones, not in their place. */
    assert_int_equal(table->stats[id].service, 1000);
    wait_ms(10);
    hear_service(1, 2, 3000, 1);
    assert_int_equal(view_of(id).service, 3000);
    assert_int_equal(view_of(id).errors, 3);
    wait_ms(10);
    report(id, 4000, 0);
    assert_int_equal(view_of(id).service, 4000);
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
    int64_t joined = table->slots[id].joined;
    (void)state;
    wait_ms(10);
    report(id, 2000, 6);
    /* In the same microsecond, even: what the last boot said does not count. */
    assert_int_equal(hear_service(2, 1, 0, 0), id);
    assert_int_equal(view_of(id).service, 0);
    assert_int_equal(view_of(id).inflight, 0);
    assert_true(table->slots[id].joined > joined);
    joined = table->slots[id].joined;
    wait_ms(10);
    hear_service(2, 2, 0, 0);
    assert_int_equal(table->slots[id].joined, joined);
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
    assert_int_equal(view_of(id).service, 0);
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
    assert_int_equal(view_of(0).service, 500);
    assert_int_equal(view_of(0).inflight, 0);
    backhand_meter_begin(table->meter, clock_now);
    assert_int_equal(view_of(0).inflight, 1);
    backhand_meter_drop(table->meter);
    backhand_meter_drop(table->meter);
    assert_int_equal(view_of(0).inflight, 0);
}

static void a_hop_is_smoothed(void **state)
{
    int id = hear_service(1, 1, 1000, 4);
    backhand_report said = {.service = 1};
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
    assert_int_equal(table->counters->reports, 103);
}

/* --- the farm's work --------------------------------------------------------------------------------------------- */

static int64_t served[SERVERS];

static void announce_all(int servers, uint64_t boot, uint64_t sequence)
{
    for (int i = 1; i <= servers; i++) {
        backhand_announcement said = server(i, boot, sequence);
        int id;
        said.stat.served = served[i];
        assert_int_equal(take(&said, &id), BACKHAND_DROP_NONE);
    }
}

/* Four servers; `dispatchers` servers give out 10 requests each an interval, this one is one of them. */
static void run(int dispatchers, int intervals, uint64_t boot)
{
    for (int t = 1; t <= intervals; t++) {
        wait_ms(INTERVAL);
        for (int k = 0; k < 10; k++) {
            backhand_table_sent(table, 1 + k % 4, backhand_table_slot_generation(table, 1 + k % 4));
            backhand_table_begun(table, 1 + k % 4, backhand_table_slot_generation(table, 1 + k % 4));
            backhand_table_returned(table, 1 + k % 4, backhand_table_slot_generation(table, 1 + k % 4));
        }
        for (int k = 0; k < 10 * dispatchers; k++) {
            served[1 + k % 4]++;
        }
        announce_all(4, boot, (uint64_t)t);
        backhand_table_flow(table);
    }
}

static void begin(void)
{
    memset(served, 0, sizeof(served));
    announce_all(4, 50, 1);
    backhand_table_flow(table);
}

static void alone_nothing_is_of_others(void **state)
{
    (void)state;
    begin();
    assert_int_equal(table->flow->crowd, 0);
    run(1, 100, 51);
    assert_int_equal(table->flow->crowd, 1000);
}

static void with_others_their_share_is_known(void **state)
{
    (void)state;
    begin();
    run(4, 100, 51);
    assert_in_range(table->flow->crowd, 3800, 4200);
    run(1, 200, 52);
    assert_in_range(table->flow->crowd, 1000, 1200);
}

static void a_server_that_starts_again_has_served_nothing(void **state)
{
    (void)state;
    begin();
    for (int i = 0; i < SERVERS; i++) {
        served[i] = INT64_C(5000000000);
    }
    run(4, 100, 51);
    memset(served, 0, sizeof(served));
    run(4, 4, 52);
    assert_in_range(table->flow->crowd, 3500, 4300);
    run(4, 100, 53);
    assert_in_range(table->flow->crowd, 3800, 4200);
}

static void a_liar_counts_for_nothing(void **state)
{
    (void)state;
    begin();
    run(4, 100, 51);
    for (uint64_t sequence = 101; sequence < 105; sequence++) {
        served[2] = sequence % 2 ? INT64_MAX : 0;
        announce_all(4, 51, sequence);
        backhand_table_flow(table);
    }
    assert_in_range(table->flow->crowd, 3500, 4300);
}

static void a_clock_set_back_does_no_harm(void **state)
{
    (void)state;
    begin();
    run(4, 100, 51);
    clock_now -= apr_time_from_sec(3600);
    backhand_table_flow(table);
    assert_in_range(table->flow->crowd, 3800, 4200);
    run(4, 100, 52);
    assert_in_range(table->flow->crowd, 3800, 4200);
    wait_ms(86400000);
    backhand_table_flow(table);
    run(2, 100, 53);
    assert_in_range(table->flow->crowd, 1800, 2200);
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
        FARM_TEST(alone_nothing_is_of_others),
        FARM_TEST(with_others_their_share_is_known),
        FARM_TEST(a_server_that_starts_again_has_served_nothing),
        FARM_TEST(a_liar_counts_for_nothing),
        FARM_TEST(a_clock_set_back_does_no_harm),
    };
    return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
