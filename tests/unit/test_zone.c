/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* byZone over a table: whom it leaves in the list, and when servers of other zones are let in. */

#include "live.h"

#include "candidacy/standing.h"
#include "table/zone.h"

/* 80 ms, 12 at once, known well. */
static const figures usual = {
    .service = 80000, .parallel = 12000, .typical = 45000, .samples = 500, .spread = 1200, .calm = 1};

static figures with_inflight(int64_t inflight)
{
    figures f = usual;
    f.inflight = inflight;
    return f;
}

/* This server, with so many in flight: the one that is decided on counts. */
static void home(const char *zone, int64_t inflight)
{
    said_zone = zone;
    announce(0, with_inflight(inflight));
    table->meter->inflight = inflight;
    table->meter->parallel = table->meter->room = usual.parallel;
    table->meter->steady = usual.service;
    backhand_standing_look(table);
}

static void others(const char *zone, int from, int to, int64_t inflight)
{
    said_zone = zone;
    for (int id = from; id < to; id++) {
        announce(id, with_inflight(inflight));
    }
}

/* Of the list of `from` to `to` - 1, the servers that byZone leaves, as bits. */
static unsigned left_of(int from, int to, const char *arg)
{
    unsigned bits = 0;
    list_of(from, to);
    call("byZone", arg);
    for (int i = 0; i < n; i++) {
        assert_true(i == 0 || list[i - 1].id < list[i].id);
        bits |= 1U << list[i].id;
    }
    return bits;
}

static void without_a_zone_nothing_changes(void **state)
{
    (void)state;
    home("", 1);
    others("eu", 1, 3, 0);
    others("", 3, 5, 0);
    assert_false(backhand_table_zoned(table));
    for (int id = 0; id < 5; id++) {
        assert_false(backhand_table_near(table, id));
    }
    assert_int_equal(left_of(0, 6, NULL), 0x3f);
    home("", 100);
    assert_int_equal(left_of(0, 6, NULL), 0x3f);
}

static void a_free_place_here_keeps_the_zone(void **state)
{
    (void)state;
    home("eu", 1);
    others("eu", 1, 3, 100);
    others("us", 3, 5, 0);
    others("", 5, 6, 0);
    /* Entry 6 was never used. */
    assert_int_equal(left_of(0, 7, NULL), 0x07);
    assert_int_equal(left_of(0, 7, "0"), 0x07);
}

static void a_free_place_in_the_zone_keeps_it_too(void **state)
{
    (void)state;
    home("eu", 40);
    others("eu", 1, 2, 40);
    others("eu", 2, 3, 0);
    others("us", 3, 6, 0);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(left_of(0, 6, "0"), 0x07);
    }
    /* Without this server in the list, too. */
    assert_int_equal(left_of(1, 6, NULL), 0x06);
}

/* 24 requests at 12 places: the next one takes (24 + 1 - 12) / 12 + 1 = 2.08 times as long. The hop is 0.6 % of 80 ms.
 */
static void a_full_zone_lets_others_in_by_the_percentage(void **state)
{
    (void)state;
    home("eu", 25);
    others("eu", 1, 3, 24);
    others("us", 3, 5, 0);
    others("", 5, 6, 0);
    assert_int_equal(left_of(0, 6, NULL), 0x3f);
    assert_int_equal(left_of(0, 6, "50"), 0x3f);
    assert_int_equal(left_of(0, 6, "100"), 0x3f);
    assert_int_equal(left_of(0, 6, "110"), 0x07);
    assert_int_equal(left_of(0, 6, "2147483647"), 0x07);
    /* As full elsewhere. */
    others("us", 3, 5, 24);
    others("", 5, 6, 24);
    assert_int_equal(left_of(0, 6, "0"), 0x07);
    /* A server without a zone is as good as one of another zone. */
    others("", 5, 6, 0);
    assert_int_equal(left_of(0, 6, NULL), 0x3f);
    /* Here there is room again. */
    home("eu", 2);
    assert_int_equal(left_of(0, 6, NULL), 0x07);
}

static void a_few_requests_too_many_spill_nothing(void **state)
{
    (void)state;
    /* (15 + 1 - 12) / 12 = 0.33 */
    home("eu", 16);
    others("eu", 1, 3, 15);
    others("us", 3, 6, 0);
    assert_int_equal(left_of(0, 6, "50"), 0x07);
    assert_int_equal(left_of(0, 6, NULL), 0x3f);
    /* (13 + 1 - 12) / 12 = 0.17 */
    home("eu", 14);
    others("eu", 1, 3, 13);
    assert_int_equal(left_of(0, 6, NULL), 0x07);
    assert_int_equal(left_of(0, 6, "0"), 0x3f);
}

static void a_zone_that_cannot_be_asked_lets_others_in(void **state)
{
    (void)state;
    home("eu", 40);
    others("eu", 1, 3, 0);
    others("us", 3, 5, 0);
    /* This server is no candidate, and the two others fall silent. */
    assert_int_equal(left_of(1, 5, NULL), 0x06);
    clock_now += apr_time_from_sec(SERVER_TIMEOUT + 1);
    others("us", 3, 5, 0);
    assert_int_equal(left_of(1, 5, NULL), 0x1e);
    /* The other way round. */
    others("eu", 1, 3, 100);
    clock_now += apr_time_from_sec(SERVER_TIMEOUT + 1);
    others("eu", 1, 3, 100);
    assert_int_equal(left_of(1, 5, NULL), 0x06);
    /* No ready worker is as good as no server; but not if it is so everywhere. */
    said_ready = 0;
    others("eu", 1, 3, 1);
    said_ready = 8;
    others("us", 3, 5, 40);
    assert_int_equal(left_of(1, 5, NULL), 0x1e);
    said_ready = 0;
    others("us", 3, 5, 40);
    said_ready = 8;
    assert_int_equal(left_of(1, 5, NULL), 0x06);
    /* Only servers of other zones in the list. */
    assert_int_equal(left_of(3, 5, NULL), 0x18);
}

static void a_zone_of_failing_servers_lets_others_in(void **state)
{
    figures failing = with_inflight(1);
    (void)state;
    failing.errors = 900;
    home("eu", 1);
    table->meter->failing = 900;
    said_zone = "eu";
    announce(0, failing);
    announce(1, failing);
    others("us", 2, 4, 1);
    backhand_standing_look(table);
    assert_int_equal(left_of(0, 4, NULL), 0x0f);
}

static void a_zone_of_many_servers_is_searched(void **state)
{
    char free_one = 0;
    (void)state;
    home("eu", 100);
    others("eu", 1, 17, 100);
    others("us", 17, 40, 0);
    others("eu", 9, 10, 0);
    for (int i = 0; i < 50; i++) {
        list_of(0, 40);
        call("byZone", NULL);
        /* All 16 others of the zone are looked at. */
        assert_int_equal(n, 17);
        for (int at = 0; at < n; at++) {
            free_one |= list[at].id == 9;
        }
    }
    assert_true(free_one);
}

static void zones_may_change(void **state)
{
    char zone[BACKHAND_ZONE_SIZE];
    (void)state;
    home("eu", 1);
    others("eu", 1, 2, 0);
    others("us", 2, 3, 0);
    assert_int_equal(backhand_table_near(table, 0) + 2 * backhand_table_near(table, 1), 3);
    assert_false(backhand_table_near(table, 2));
    assert_true(backhand_zone_get(2, zone));
    assert_string_equal(zone, "us");
    /* Another server, by its own configuration. */
    others("eu", 2, 3, 0);
    assert_true(backhand_table_near(table, 2));
    /* This one. */
    others("us", 1, 2, 0);
    home("us", 1);
    assert_true(backhand_table_near(table, 0));
    assert_true(backhand_table_near(table, 1));
    assert_false(backhand_table_near(table, 2));
    /* A name that begins like another. */
    others("us-east", 2, 3, 0);
    assert_false(backhand_table_near(table, 2));
    home("", 1);
    assert_false(backhand_table_near(table, 0) || backhand_table_near(table, 1) || backhand_table_near(table, 2));
    assert_false(backhand_zone_get(0, zone));
    assert_string_equal(zone, "");
    assert_false(backhand_zone_get(77, zone));
    assert_false(backhand_zone_get(-1, zone));
    assert_false(backhand_zone_get(1 << 20, zone));
}

/* In a chain before byExpectedTime, and with the owner of a session. */
static void it_works_in_a_chain(void **state)
{
    static int64_t warned;
    static const char *const names[] = {"byZone", "byExpectedTime"};
    backhand_candidates out = {.list = list};
    backhand_chain chain = {NULL, NULL, 0};
    (void)state;
    for (int i = 0; i < 2; i++) {
        const backhand_builtin *builtin = backhand_builtin_find(names[i]);
        backhand_function function = {.name = builtin->name, .call = builtin->call, .where = "test", .warned = &warned};
        backhand_chain_append(&chain, &function, pool);
    }
    home("eu", 1);
    others("eu", 1, 3, 0);
    others("us", 3, 5, 0);
    for (int i = 0; i < 50; i++) {
        assert_int_equal(backhand_chain_run(&chain, table, NULL, &out, NULL, NULL), 2);
        assert_int_equal(out.why, BACKHAND_WHY_FREE);
        assert_int_equal(list[0].id, 0);
    }
    home("eu", 30);
    for (int i = 0; i < 50; i++) {
        assert_int_equal(backhand_chain_run(&chain, table, NULL, &out, NULL, NULL), 2);
        assert_int_equal(out.why, BACKHAND_WHY_SOONER);
        assert_in_range(list[0].id, 1, 2);
    }
    others("eu", 1, 3, 30);
    for (int i = 0; i < 50; i++) {
        assert_int_equal(backhand_chain_run(&chain, table, NULL, &out, NULL, NULL), 2);
        assert_in_range(list[0].id, 3, 4);
    }
}

static int only_the_owner(struct request_rec *r, ServerSlot *servers, int *count, char *arg)
{
    (void)r;
    (void)arg;
    servers[0] = (ServerSlot){3, BACKHAND_HANDOFF};
    backhand_chain_current()->owner = 3;
    return *count = 1;
}

static void a_session_stays_with_its_owner(void **state)
{
    static int64_t warned;
    const backhand_builtin *zone = backhand_builtin_find("byZone");
    backhand_function first = {.name = "own", .call = only_the_owner, .where = "test", .warned = &warned};
    backhand_function second = {.name = zone->name, .call = zone->call, .where = "test", .warned = &warned};
    backhand_candidates out = {.list = list};
    backhand_chain chain = {NULL, NULL, 0};
    (void)state;
    home("eu", 1);
    others("eu", 1, 3, 0);
    others("us", 3, 5, 0);
    backhand_chain_append(&chain, &first, pool);
    backhand_chain_append(&chain, &second, pool);
    assert_int_equal(backhand_chain_run(&chain, table, NULL, &out, NULL, NULL), 2);
    assert_int_equal(out.n, 1);
    assert_int_equal(out.owner, 3);
}

static void arguments_are_checked(void **state)
{
    static const char *const wrong[] = {"", "-1", "0.5", "50%", "x", "2147483648"};
    const backhand_builtin *zone = backhand_builtin_find("byzone");
    (void)state;
    assert_null(zone->check_arg(NULL));
    assert_null(zone->check_arg("0"));
    assert_null(zone->check_arg("2147483647"));
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_non_null(zone->check_arg(wrong[i]));
    }
}

#define WITH_TABLE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_TABLE(without_a_zone_nothing_changes),
        WITH_TABLE(a_free_place_here_keeps_the_zone),
        WITH_TABLE(a_free_place_in_the_zone_keeps_it_too),
        WITH_TABLE(a_full_zone_lets_others_in_by_the_percentage),
        WITH_TABLE(a_few_requests_too_many_spill_nothing),
        WITH_TABLE(a_zone_that_cannot_be_asked_lets_others_in),
        WITH_TABLE(a_zone_of_failing_servers_lets_others_in),
        WITH_TABLE(a_zone_of_many_servers_is_searched),
        WITH_TABLE(zones_may_change),
        WITH_TABLE(it_works_in_a_chain),
        WITH_TABLE(a_session_stays_with_its_owner),
        WITH_TABLE(arguments_are_checked),
    };
    return cmocka_run_group_tests_name("zone", tests, NULL, NULL);
}
