/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* Other zones by their representatives, and when this server becomes one and ceases to be one. */

#include "farm.h"

#include "announce/moderator/office.h"
#include "table/duty.h"
#include "table/zones.h"

static uint64_t sequence;

static backhand_announcement said_in(int n, const char *zone, int64_t far, int64_t servers)
{
    backhand_announcement said = server(n, 9, ++sequence);
    snprintf(said.zone, sizeof(said.zone), "%s", zone);
    said.far = far;
    said.zone_servers = servers;
    said.zone_ready = 10 * servers;
    said.zone_busy = 2 * servers;
    return said;
}

static void home(const char *zone)
{
    backhand_announcement said = said_in(0, zone, BACKHAND_FAR_SAME, 0);
    backhand_table_set_self(table, &said);
}

static int hear_in(int n, const char *zone, int64_t far, int64_t servers)
{
    backhand_announcement said = said_in(n, zone, far, servers);
    int id;
    assert_int_equal(take(&said, &id), BACKHAND_DROP_NONE);
    return id;
}

static void zones_are_summed_up(void **state)
{
    backhand_zone_sum zones[BACKHAND_ZONES_MAX];
    (void)state;
    home("eu");
    assert_int_equal(backhand_zones_read(zones, table), 0);
    hear_in(1, "eu", BACKHAND_FAR_IN, 2);
    hear_in(2, "us", BACKHAND_FAR_SAME, 0);
    assert_int_equal(backhand_zones_read(zones, table), 0);
    hear_in(3, "us", BACKHAND_FAR_IN, 40);
    hear_in(4, "ap", BACKHAND_FAR_IN, 7);
    wait_ms(10);
    hear_in(5, "us", BACKHAND_FAR_IN, 41);
    assert_int_equal(backhand_zones_read(zones, table), 2);
    assert_string_equal(zones[0].zone, "us");
    assert_int_equal(zones[0].representatives, 2);
    /* As the one says that was heard last. */
    assert_int_equal(zones[0].servers, 41);
    assert_int_equal(zones[0].ready, 410);
    assert_int_equal(zones[0].busy, 82);
    assert_string_equal(zones[1].zone, "ap");
    wait_ms(10);
    hear_in(3, "us", BACKHAND_FAR_IN, 42);
    backhand_zones_read(zones, table);
    assert_int_equal(zones[0].servers, 42);
    /* Without those that are silent. */
    wait_ms(3 * INTERVAL + 1);
    hear_in(5, "us", BACKHAND_FAR_IN, 43);
    assert_int_equal(backhand_zones_read(zones, table), 1);
    assert_int_equal(zones[0].representatives, 1);
    /* A server without a zone is in none of them. */
    home("");
    assert_int_equal(backhand_zones_read(zones, table), 1);
}

static void a_silent_representative_is_forgotten_while_another_lives(void **state)
{
    int one, two, ap, eu;
    (void)state;
    home("eu");
    one = hear_in(1, "us", BACKHAND_FAR_IN, 2);
    two = hear_in(2, "us", BACKHAND_FAR_IN, 2);
    ap = hear_in(3, "ap", BACKHAND_FAR_IN, 1);
    eu = hear_in(4, "eu", BACKHAND_FAR_IN, 2);
    wait_ms(19000);
    hear_in(2, "us", BACKHAND_FAR_IN, 2);
    backhand_zones_tidy(table);
    assert_false(backhand_table_forgotten(table, one));
    wait_ms(1100);
    /* Nobody is heard. */
    backhand_zones_tidy(table);
    assert_false(backhand_table_forgotten(table, one));
    hear_in(2, "us", BACKHAND_FAR_IN, 2);
    backhand_zones_tidy(table);
    assert_true(backhand_table_forgotten(table, one));
    assert_false(backhand_table_forgotten(table, two));
    /* The last one of its zone, and one of the own zone, are missed. */
    assert_false(backhand_table_forgotten(table, ap));
    assert_false(backhand_table_forgotten(table, eu));
}

/* Decides, and publishes what it decided. */
static int look(backhand_office *office, backhand_announcement *self)
{
    backhand_office_look(office, self, table);
    self->sequence = ++sequence;
    backhand_table_set_self(table, self);
    return self->far == BACKHAND_FAR_IN;
}

static void a_vacancy_must_last(void **state)
{
    backhand_announcement self = said_in(0, "eu", BACKHAND_FAR_SAME, 0);
    backhand_office office;
    (void)state;
    backhand_office_init(&office, 1, apr_time_from_msec(INTERVAL));
    home("eu");
    assert_false(look(&office, &self));
    wait_ms(3 * INTERVAL - 1);
    assert_false(look(&office, &self));
    /* Somebody else took the place for a moment. */
    hear_in(1, "eu", BACKHAND_FAR_IN, 2);
    wait_ms(1);
    assert_false(look(&office, &self));
    hear_in(1, "eu", BACKHAND_FAR_SAME, 0);
    assert_false(look(&office, &self));
    wait_ms(3 * INTERVAL);
    hear_in(1, "eu", BACKHAND_FAR_SAME, 0);
    assert_true(look(&office, &self));
    assert_int_equal(self.zone_servers, 2);
    assert_int_equal(self.zone_ready, 10);
    assert_int_equal(self.zone_busy, 6);
    assert_true(look(&office, &self));
}

static void other_zones_are_told_three_times(void **state)
{
    backhand_announcement self = said_in(0, "eu", BACKHAND_FAR_SAME, 0);
    backhand_office office;
    (void)state;
    backhand_office_init(&office, 1, apr_time_from_msec(INTERVAL));
    home("eu");
    assert_false(backhand_office_says_out(&office, &self));
    for (int round = 0; round < 2; round++) {
        backhand_office_connected(&office);
        for (int i = 0; i < 4; i++) {
            assert_int_equal(backhand_office_says_out(&office, &self), i < 3);
        }
    }
    look(&office, &self);
    wait_ms(3 * INTERVAL);
    assert_true(look(&office, &self));
    backhand_office_connected(&office);
    assert_false(backhand_office_says_out(&office, &self));
    /* One that is drained goes with the announcement after that which says so. */
    self.stat.duty = BACKHAND_DUTY_DRAIN;
    assert_true(look(&office, &self));
    assert_false(backhand_office_says_out(&office, &self));
    assert_false(look(&office, &self));
    for (int i = 0; i < 4; i++) {
        assert_int_equal(backhand_office_says_out(&office, &self), i < 3);
    }
    /* While it gives an order. */
    self.order = 1;
    assert_true(backhand_office_says_out(&office, &self));
}

static void without_the_directive_nothing_happens(void **state)
{
    backhand_announcement self = said_in(0, "eu", BACKHAND_FAR_SAME, 0);
    backhand_office office;
    (void)state;
    backhand_office_init(&office, 0, apr_time_from_msec(INTERVAL));
    home("eu");
    for (int i = 0; i < 10; i++) {
        backhand_office_connected(&office);
        wait_ms(INTERVAL);
        assert_false(look(&office, &self));
        self.order = i;
        assert_false(backhand_office_says_out(&office, &self));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FARM_TEST(zones_are_summed_up),
        FARM_TEST(a_silent_representative_is_forgotten_while_another_lives),
        FARM_TEST(a_vacancy_must_last),
        FARM_TEST(other_zones_are_told_three_times),
        FARM_TEST(without_the_directive_nothing_happens),
    };
    return cmocka_run_group_tests_name("zones", tests, NULL, NULL);
}
