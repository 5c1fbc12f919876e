/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* Which server a failure is blamed on, and that nothing of one server is counted for another one that got its slot. */

#include "farm.h"
#include "table/blame.h"

#define RETRY apr_time_from_sec(5)

static uint64_t generation_of(int id)
{
    return backhand_table_slot_generation(table, id);
}

static int fails(int id, const char *client, const char *path)
{
    return backhand_table_failed(table, id, generation_of(id), backhand_blame_client(client),
                                 backhand_blame_path(path));
}

static int blamed(int id)
{
    return backhand_table_refused_lately(table, id, RETRY);
}

/* --- whose fault ------------------------------------------------------------------------------------------- */

static void a_refusal_is_the_servers(void **state)
{
    int id = hear(1, 9, 1);
    (void)state;
    assert_false(blamed(id));
    backhand_table_refused(table, id, generation_of(id));
    assert_true(blamed(id));
    wait_ms(4999);
    assert_true(blamed(id));
    wait_ms(2);
    assert_false(blamed(id));
}

static void one_client_blames_nobody(void **state)
{
    int id = hear(1, 9, 1);
    char path[32];
    (void)state;
    for (int i = 0; i < 1000; i++) {
        snprintf(path, sizeof(path), "/app/%d", i);
        assert_false(fails(id, "192.0.2.1", path));
    }
    assert_false(blamed(id));
}

static void one_page_blames_nobody(void **state)
{
    int id = hear(1, 9, 1);
    char client[32], path[32];
    (void)state;
    for (int i = 0; i < 1000; i++) {
        snprintf(client, sizeof(client), "192.0.2.%d", i % 256);
        snprintf(path, sizeof(path), "/app/slow?n=%d", i);
        assert_false(fails(id, client, path));
    }
    assert_false(blamed(id));
}

static void a_network_of_one_client_blames_nobody(void **state)
{
    int id = hear(1, 9, 1);
    (void)state;
    assert_false(fails(id, "2001:db8:1:2::1", "/a"));
    assert_false(fails(id, "2001:db8:1:2::2", "/b"));
    assert_false(fails(id, "2001:db8:1:2:ffff::3", "/c"));
    assert_false(fails(id, "2001:db8:1:2:a:b:c:d", "/d"));
    assert_false(blamed(id));
    assert_false(fails(id, "2001:db8:1:3::1", "/e"));
    assert_true(fails(id, "2001:db8:1:4::1", "/f"));
}

static void three_in_a_row_blame_the_server(void **state)
{
    int id = hear(1, 9, 1);
    (void)state;
    assert_false(fails(id, "192.0.2.1", "/a"));
    assert_false(fails(id, "192.0.2.1", "/b"));
    assert_false(fails(id, "192.0.2.2", "/a"));
    assert_false(fails(id, "192.0.2.2", "/b"));
    assert_false(blamed(id));
    assert_true(fails(id, "192.0.2.3", "/c"));
    assert_true(blamed(id));
    /* And each further one of another client for another path. */
    wait_ms(6000);
    assert_false(fails(id, "192.0.2.1", "/d"));
    assert_false(blamed(id));
    assert_true(fails(id, "192.0.2.4", "/d"));
    assert_true(blamed(id));
}

static void an_answer_between_makes_it_begin_anew(void **state)
{
    int id = hear(1, 9, 1);
    (void)state;
    for (int i = 0; i < 10; i++) {
        assert_false(fails(id, "192.0.2.1", "/a"));
        assert_false(fails(id, "192.0.2.2", "/b"));
        backhand_table_answered(table, id, generation_of(id));
    }
    assert_false(fails(id, "192.0.2.3", "/c"));
    assert_false(blamed(id));
}

static void another_start_begins_anew(void **state)
{
    int id = hear(1, 9, 1);
    (void)state;
    assert_false(fails(id, "192.0.2.1", "/a"));
    assert_false(fails(id, "192.0.2.2", "/b"));
    assert_int_equal(hear(1, 10, 1), id);
    assert_false(fails(id, "192.0.2.3", "/c"));
    assert_false(blamed(id));
}

static void a_clock_set_back_freezes_nobody(void **state)
{
    int id = hear(1, 9, 1);
    (void)state;
    clock_now += apr_time_from_sec(3600);
    backhand_table_refused(table, id, generation_of(id));
    assert_true(backhand_table_complain(table, id, 1, apr_time_from_sec(60)));
    clock_now -= apr_time_from_sec(3600);
    assert_false(blamed(id));
    assert_true(backhand_table_complain(table, id, 1, apr_time_from_sec(60)));
    assert_false(backhand_table_complain(table, id, 1, apr_time_from_sec(60)));
    assert_true(backhand_table_complain(table, id, 0, apr_time_from_sec(60)));
    wait_ms(60001);
    assert_true(backhand_table_complain(table, id, 1, apr_time_from_sec(60)));
}

/* --- a slot with another server ---------------------------------------------------------------------------- */

/* Fills the table, lets slot `id` be the one that is given away, and gives it to server 100. */
static uint64_t give_away(int id, int n)
{
    uint64_t before = generation_of(id);
    for (int other = 1; other < SERVERS; other++) {
        if (other != n) {
            hear(other, 9, 1);
        }
    }
    wait_ms(SERVER_TIMEOUT * 1000 + 1);
    for (int other = 1; other < SERVERS; other++) {
        if (other != n) {
            hear(other, 9, 2);
        }
    }
    assert_int_equal(hear(100, 9, 1), id);
    assert_true(generation_of(id) > before);
    return before;
}

static void the_next_server_is_not_blamed(void **state)
{
    int id = hear(1, 9, 1);
    uint64_t before;
    (void)state;
    assert_false(fails(id, "192.0.2.1", "/a"));
    assert_false(fails(id, "192.0.2.2", "/b"));
    before = give_away(id, 1);
    assert_false(backhand_table_failed(table, id, before, 3, 4));
    assert_false(fails(id, "192.0.2.3", "/c"));
    backhand_table_refused(table, id, before);
    assert_false(blamed(id));
    assert_int_equal(table->slots[id].refused, 0);
    /* Nor does an answer of the earlier one excuse it. */
    assert_false(fails(id, "192.0.2.4", "/d"));
    backhand_table_answered(table, id, before);
    assert_true(fails(id, "192.0.2.5", "/e"));
}

static void the_next_server_has_none_of_its_requests(void **state)
{
    int id = hear(1, 9, 1);
    uint64_t before = generation_of(id);
    backhand_slot *slot = &table->slots[id];
    backhand_work report = {.inflight = 3, .service = 2000, .parallel = 4000, .latency = 9, .errors = 7};
    (void)state;
    for (int i = 0; i < 4; i++) {
        backhand_table_sent(table, id, before);
    }
    assert_int_equal(slot->sent - slot->returned, 4);
    before = give_away(id, 1);
    assert_int_equal(slot->sent - slot->returned, 0);
    assert_int_equal(slot->sent - slot->begun, 0);
    assert_int_equal(backhand_table_ready(table, id), 5);
    for (int i = 0; i < 4; i++) {
        backhand_table_begun(table, id, before);
        assert_false(backhand_table_report(table, id, before, &report, 100));
        backhand_table_returned(table, id, before);
    }
    assert_int_equal(slot->sent - slot->returned, 0);
    assert_int_equal(slot->sent - slot->begun, 0);
    assert_int_equal(slot->report.heard, 0);
    assert_int_equal(slot->hop, 0);
    assert_int_equal(backhand_table_counted(table, BACKHAND_COUNT_REPORTS), 0);
    assert_int_equal(backhand_table_ready(table, id), 5);
    backhand_table_sent(table, id, before);
    assert_int_equal(backhand_table_ready(table, id), 5);
    backhand_table_sent(table, id, generation_of(id));
    assert_int_equal(backhand_table_ready(table, id), 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FARM_TEST(a_refusal_is_the_servers),        FARM_TEST(one_client_blames_nobody),
        FARM_TEST(one_page_blames_nobody),          FARM_TEST(a_network_of_one_client_blames_nobody),
        FARM_TEST(three_in_a_row_blame_the_server), FARM_TEST(an_answer_between_makes_it_begin_anew),
        FARM_TEST(another_start_begins_anew),       FARM_TEST(a_clock_set_back_freezes_nobody),
        FARM_TEST(the_next_server_is_not_blamed),   FARM_TEST(the_next_server_has_none_of_its_requests),
    };
    return cmocka_run_group_tests_name("blame", tests, NULL, NULL);
}
