/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* Which servers of a zone announce themselves to the other zones. */

#include "live.h"

#include "candidacy/representative.h"
#include "table/duty.h"

/* 80 ms, 12 at once, known well. */
static const figures usual = {
    .service = 80000, .parallel = 12000, .typical = 45000, .samples = 500, .spread = 1200, .calm = 1};

/* What the next announcement says besides its figures. */
static int64_t said_duty, said_down, said_far;

/* Server `id`, whose contact is the greater the greater its id. */
static void say(int id, int64_t inflight)
{
    static uint64_t sequence;
    backhand_announcement said = said_by_nth("s", id, 7, ++sequence);
    figures f = usual;

    f.inflight = inflight;
    f.stall = 1000;
    said.stat.aservers = 8 - (inflight < 8 ? inflight : 8);
    backhand_work_put(&said.stat, &f);
    said.stat.duty = said_duty;
    said.stat.down = said_down;
    said.far = said_far;
    apr_cpystrn(said.zone, said_zone, sizeof(said.zone));
    if (id == 0) {
        backhand_table_set_self(table, &said);
        table->meter->inflight = inflight;
        table->meter->parallel = table->meter->room = usual.parallel;
        table->meter->steady = usual.service;
        return;
    }
    assert_int_equal(backhand_table_update(table, &said, NULL).id, id);
}

static void say_all(const char *zone, int from, int to, int64_t inflight)
{
    said_zone = zone;
    for (int id = from; id < to; id++) {
        say(id, inflight);
    }
}

static void say_far(int id, int64_t inflight)
{
    said_far = BACKHAND_FAR_IN;
    say(id, inflight);
    said_far = BACKHAND_FAR_SAME;
}

static int chosen(int most, int holds)
{
    backhand_zone_look look;
    backhand_representative_look(&look, table, most, holds);
    return look.chosen;
}

static void without_a_zone_nobody_is_chosen(void **state)
{
    backhand_zone_look look;
    (void)state;
    say_all("", 0, 3, 0);
    for (int holds = 0; holds < 2; holds++) {
        backhand_representative_look(&look, table, 3, holds);
        assert_int_equal(look.chosen + look.servers + look.ready + look.busy, 0);
    }
}

static void a_sole_server_is_chosen(void **state)
{
    (void)state;
    say_all("us", 0, 1, 100);
    say_all("eu", 1, 4, 0);
    assert_true(chosen(1, 0));
    assert_true(chosen(16, 1));
}

static void all_are_chosen_where_there_are_few(void **state)
{
    (void)state;
    say_all("us", 0, 3, 100);
    assert_true(chosen(3, 0));
    say_all("us", 0, 1, 300);
    assert_true(chosen(3, 0));
    assert_true(chosen(3, 1));
    assert_false(chosen(2, 0));
}

static void the_best_are_chosen(void **state)
{
    (void)state;
    /* 100 requests at 12 places take much longer. */
    say_all("us", 0, 1, 100);
    say_all("us", 1, 4, 0);
    assert_false(chosen(3, 0));
    assert_true(chosen(4, 0));
    say_all("us", 1, 4, 400);
    assert_true(chosen(1, 0));
}

static void the_contact_decides_between_equals(void **state)
{
    (void)state;
    /* This server has the least contact of all. */
    say_all("us", 0, 6, 2);
    assert_true(chosen(1, 0));
    /* As good within a factor of two. */
    say_all("us", 1, 6, 1);
    assert_true(chosen(1, 0));
}

static void servers_that_get_no_requests_do_not_count(void **state)
{
    backhand_zone_look look;
    (void)state;
    say_all("us", 0, 1, 100);
    say_all("us", 1, 4, 2);
    assert_false(chosen(3, 0));
    said_duty = BACKHAND_DUTY_DRAIN;
    say(1, 2);
    assert_true(chosen(3, 0));
    backhand_representative_look(&look, table, 3, 0);
    assert_int_equal(look.servers, 3);
    assert_int_equal(look.ready, 12);
    assert_int_equal(look.busy, 12);
    said_duty = BACKHAND_DUTY_NORMAL;
    say(1, 2);
    assert_false(chosen(3, 0));
    said_down = 5;
    say(2, 0);
    assert_true(chosen(3, 0));
    said_down = 0;
    say(2, 0);
    assert_false(chosen(3, 0));
    /* Silent ones. */
    clock_now += apr_time_from_sec(10);
    say(0, 100);
    say(2, 0);
    assert_true(chosen(3, 0));
    /* This one, whether it is one or not. */
    said_duty = BACKHAND_DUTY_MAINTENANCE;
    say(0, 0);
    said_duty = BACKHAND_DUTY_NORMAL;
    assert_false(chosen(3, 0));
    assert_false(chosen(3, 1));
}

static void servers_of_other_zones_do_not_count(void **state)
{
    (void)state;
    say_all("us", 0, 1, 100);
    say_all("us", 1, 2, 0);
    say_all("eu", 2, 6, 0);
    assert_true(chosen(2, 0));
    assert_false(chosen(1, 0));
}

static void a_representative_stays_until_it_is_clearly_out(void **state)
{
    (void)state;
    /* 10 more requests than places: less than twice the time. */
    say_all("us", 1, 6, 0);
    say_all("us", 0, 1, 21);
    assert_false(chosen(1, 0));
    assert_true(chosen(1, 1));
    /* More than four times. */
    say(0, 100);
    assert_false(chosen(1, 1));
    /* As slow as all others. */
    say_all("us", 1, 6, 90);
    assert_true(chosen(1, 1));
}

static void nobody_takes_the_place_of_one_that_stays(void **state)
{
    (void)state;
    say_all("us", 0, 6, 0);
    say_far(4, 21);
    say_far(5, 0);
    assert_false(chosen(2, 0));
    assert_true(chosen(3, 0));
    /* One that is clearly out leaves its place. */
    say_far(4, 100);
    assert_true(chosen(2, 0));
    /* So does one that is gone. */
    say_far(4, 0);
    assert_false(chosen(2, 0));
    clock_now += apr_time_from_sec(1);
    say_all("us", 0, 4, 0);
    say_far(5, 0);
    assert_true(chosen(2, 0));
}

static void of_too_many_the_greatest_contacts_go(void **state)
{
    backhand_announcement self;
    (void)state;
    said_zone = "us";
    say_far(0, 0);
    say_far(1, 20);
    say_far(2, 0);
    assert_true(chosen(1, 1));
    assert_true(chosen(2, 1));
    /* This server with the greatest contact. */
    self = said_by_nth("s", 9, 7, 100);
    apr_cpystrn(self.zone, "us", sizeof(self.zone));
    backhand_table_set_self(table, &self);
    assert_false(chosen(2, 1));
    assert_true(chosen(3, 1));
}

static void many_servers_are_summed_up(void **state)
{
    backhand_zone_look look;
    (void)state;
    say_all("us", 0, 2000, 3);
    backhand_representative_look(&look, table, 3, 0);
    assert_true(look.chosen);
    assert_int_equal(look.servers, 2000);
    assert_int_equal(look.ready, 10000);
    assert_int_equal(look.busy, 6000);
}

#define WITH_TABLE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_TABLE(without_a_zone_nobody_is_chosen),
        WITH_TABLE(a_sole_server_is_chosen),
        WITH_TABLE(all_are_chosen_where_there_are_few),
        WITH_TABLE(the_best_are_chosen),
        WITH_TABLE(the_contact_decides_between_equals),
        WITH_TABLE(servers_that_get_no_requests_do_not_count),
        WITH_TABLE(servers_of_other_zones_do_not_count),
        WITH_TABLE(a_representative_stays_until_it_is_clearly_out),
        WITH_TABLE(nobody_takes_the_place_of_one_that_stays),
        WITH_TABLE(of_too_many_the_greatest_contacts_go),
        WITH_TABLE(many_servers_are_summed_up),
    };
    return cmocka_run_group_tests_name("representative", tests, NULL, NULL);
}
