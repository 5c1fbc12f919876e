/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* The table after announcements: slots, order, leaving. test_rival.c tests two servers of one contact. */

#include "farm.h"

static void takes_in(void **state)
{
    backhand_announcement said = server(1, 9, 1);
    backhand_announcement got;
    uint64_t before = backhand_table_generation(table);
    uint64_t generation;
    int id;
    (void)state;
    said.stat.load = 1234;
    said.keepalive = 5000;
    assert_int_equal(take(&said, &id), BACKHAND_DROP_NONE);
    assert_int_equal(id, 1);
    assert_int_equal(backhand_table_used(table), 2);
    assert_int_equal(serverstats[1].load, 1234);
    assert_int_equal(serverstats[1].mtime, 1000000);
    assert_string_equal(serverstats[1].hostname, "server1");
    assert_true(backhand_table_read(table, 1, &got, &generation));
    assert_int_equal(got.keepalive, 5000);
    assert_int_equal(got.boot, 9);
    assert_string_equal(got.farm, "default");
    assert_true(backhand_contact_equal(&got.contact, &said.contact));
    assert_int_equal(generation, before + 1);
    assert_int_equal(backhand_table_generation(table), generation);
    assert_false(backhand_table_usable(table, 1, before));
    assert_true(backhand_table_usable(table, 1, generation));
    assert_true(backhand_table_usable(table, 0, before));
}

static void policies_write_until_the_next(void **state)
{
    int id = hear(1, 9, 1);
    int64_t before;
    const backhand_field *field;
    (void)state;
    for (field = backhand_fields(); field->name; field++) {
        int64_t *number = (int64_t *)(void *)((char *)&serverstats[id] + field->offset);
        before = *number;
        backhand_number_set(number, 77);
        assert_int_equal(*number, 77);
        hear(1, 9, 2 + field->offset);
        assert_int_equal(*number, before);
    }
}

static void publishes_no_stray_bytes(void **state)
{
    backhand_announcement said = server(1, 9, 1);
    backhand_announcement got;
    char zeros[BACKHAND_HOSTNAME_SIZE] = {0};
    int id;
    (void)state;
    memset(said.stat.hostname, 'x', sizeof(said.stat.hostname)); /* not even ended */
    memset(said.stat.contact + 20, 'y', 30);
    said.stat.contact[19] = '\0';
    assert_int_equal(take(&said, &id), BACKHAND_DROP_NONE);
    assert_true(backhand_table_read(table, id, &got, NULL));
    assert_int_equal(strlen(got.stat.hostname), BACKHAND_HOSTNAME_SIZE - 1);
    assert_memory_equal(got.stat.contact + 19, zeros, BACKHAND_CONTACT_SIZE - 19);
    said = server(1, 9, 2);
    assert_int_equal(take(&said, &id), BACKHAND_DROP_NONE);
    assert_memory_equal(serverstats[id].hostname + 7, zeros, BACKHAND_HOSTNAME_SIZE - 7);
}

static void drops_the_old(void **state)
{
    backhand_announcement said = server(1, 9, 5);
    int id;
    (void)state;
    assert_int_equal(take(&said, &id), BACKHAND_DROP_NONE);
    assert_int_equal(take(&said, &id), BACKHAND_DROP_OLD);
    said.sequence = 4;
    assert_int_equal(take(&said, &id), BACKHAND_DROP_OLD);
    said.sequence = 6;
    assert_int_equal(take(&said, &id), BACKHAND_DROP_NONE);
}

static void leaves_and_comes_back(void **state)
{
    backhand_announcement said = server(1, 9, 3);
    int id = hear(1, 9, 2);
    (void)state;
    said.leaving = 1;
    assert_int_equal(take(&said, &id), BACKHAND_DROP_NONE);
    assert_int_equal(serverstats[id].mtime, 0);
    assert_true(backhand_table_older(table, id, 1000000));
    assert_false(backhand_table_usable(table, id, UINT64_MAX));
    said.leaving = 0;
    assert_int_equal(take(&said, &id), BACKHAND_DROP_OLD);
    assert_false(backhand_table_usable(table, 1, UINT64_MAX));
    table->slots[1].refused = clock_now;
    hear(1, 10, 1); /* started again */
    assert_true(backhand_table_usable(table, 1, UINT64_MAX));
    assert_int_equal(serverstats[1].mtime, 1000000);
    assert_int_equal(table->slots[1].refused, 0);
    said = server(1, 9, 4); /* the earlier one's last word, late */
    said.leaving = 1;
    assert_int_equal(take(&said, &id), BACKHAND_DROP_OLD);
    assert_true(backhand_table_usable(table, 1, UINT64_MAX));
    said = server(5, 9, 1);
    said.leaving = 1;
    assert_int_equal(take(&said, &id), BACKHAND_DROP_OLD);
    assert_int_equal(backhand_table_used(table), 2);
}

static backhand_announcement in_zone(int n, uint64_t sequence, const char *zone, int64_t far)
{
    backhand_announcement said = server(n, 9, sequence);
    snprintf(said.zone, sizeof(said.zone), "%s", zone);
    said.far = far;
    return said;
}

static void forgets_who_represents_its_zone_no_more(void **state)
{
    backhand_announcement said = in_zone(0, 2, "eu", BACKHAND_FAR_SAME);
    int id;
    (void)state;
    backhand_table_set_self(table, &said);
    said = in_zone(1, 5, "us", BACKHAND_FAR_IN);
    assert_int_equal(take(&said, &id), BACKHAND_DROP_NONE);
    assert_int_equal(id, 1);
    /* An earlier one changes nothing. */
    said = in_zone(1, 4, "us", BACKHAND_FAR_OUT);
    assert_int_equal(take(&said, &id), BACKHAND_DROP_OLD);
    assert_true(backhand_table_live(table, 1));
    said = in_zone(1, 6, "us", BACKHAND_FAR_OUT);
    assert_int_equal(take(&said, &id), BACKHAND_DROP_NONE);
    assert_int_equal(id, -1);
    assert_true(backhand_table_update(table, &said, NULL).drop == BACKHAND_DROP_NONE);
    assert_true(backhand_table_forgotten(table, 1));
    /* Again, and of one that was never there. */
    said = in_zone(1, 7, "us", BACKHAND_FAR_OUT);
    assert_int_equal(take(&said, &id), BACKHAND_DROP_NONE);
    said = in_zone(2, 7, "us", BACKHAND_FAR_OUT);
    assert_int_equal(take(&said, &id), BACKHAND_DROP_NONE);
    assert_int_equal(id, -1);
    assert_int_equal(backhand_table_used(table), 2);
    /* In its own zone it stays. */
    said = in_zone(3, 7, "eu", BACKHAND_FAR_OUT);
    assert_int_equal(take(&said, &id), BACKHAND_DROP_NONE);
    assert_true(id > 0 && backhand_table_live(table, id));
    said = in_zone(1, 8, "us", BACKHAND_FAR_IN);
    assert_int_equal(take(&said, &id), BACKHAND_DROP_NONE);
    assert_true(id > 0 && backhand_table_live(table, id));
}

static void takes_heartbeats(void **state)
{
    backhand_announcement said = server(1, 0, 0);
    int id;
    (void)state;
    said.interval = 1000;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(take(&said, &id), BACKHAND_DROP_NONE);
    }
    hear(1, 9, 1);
    assert_int_equal(take(&said, &id), BACKHAND_DROP_OLD);
    hear(1, 9, 2);
    wait_ms(3 * INTERVAL + 1); /* only the heartbeats are left */
    for (int i = 0; i < 9; i++) {
        assert_int_equal(take(&said, &id), BACKHAND_DROP_NONE);
    }
    assert_false(backhand_table_rival(table, id));
    said = server(0, 0, 0); /* this server's own mod_heartbeat */
    assert_int_equal(take(&said, &id), BACKHAND_DROP_OLD);
}

/* --- self -------------------------------------------------------------------------------------------------- */

static void sets_self(void **state)
{
    backhand_announcement self = server(0, 1, 2);
    int id;
    (void)state;
    self.stat.load = 55;
    self.leaving = 1;
    wait_ms(5000);
    backhand_table_set_self(table, &self);
    assert_int_equal(serverstats[0].load, 55);
    assert_int_equal(serverstats[0].mtime, 1000005);
    assert_true(backhand_table_usable(table, 0, backhand_table_generation(table)));
    /* A contact that was another's. */
    id = hear(1, 9, 1);
    self = server(1, 1, 3);
    backhand_table_set_self(table, &self);
    assert_false(backhand_table_usable(table, id, UINT64_MAX));
    assert_int_equal(hear(1, 9, 2), 0);
    assert_true(hear(0, 9, 1) > 0); /* and its former one */
    assert_string_equal(serverstats[0].contact, "http://10.0.0.1:80");
}

/* --- a full table ------------------------------------------------------------------------------------------ */

static void reuses_the_longest_silent(void **state)
{
    backhand_announcement said = server(100, 9, 1);
    backhand_announcement slow = server(7, 9, 1);
    uint64_t generation;
    int id;
    (void)state;
    slow.interval = 60000;
    assert_int_equal(take(&slow, &id), BACKHAND_DROP_NONE);
    for (int n = 1; n < SERVERS - 1; n++) {
        hear(n, 9, 1);
        wait_ms(1000);
    }
    assert_int_equal(take(&said, &id), BACKHAND_DROP_FULL);
    wait_ms(SERVER_TIMEOUT * 1000 - 6000);
    assert_int_equal(take(&said, &id), BACKHAND_DROP_FULL);
    wait_ms(1);
    generation = backhand_table_generation(table);
    table->slots[2].refused = 5;
    hear(1, 9, 2);
    wait_ms(1000);
    assert_int_equal(take(&said, &id), BACKHAND_DROP_NONE);
    assert_int_equal(id, hear(100, 9, 2));
    assert_string_equal(serverstats[id].hostname, "server100");
    assert_false(backhand_table_usable(table, id, generation));
    assert_true(backhand_table_usable(table, id, generation + 1));
    assert_int_equal(backhand_table_used(table), SERVERS);
    said = server(101, 9, 1);
    assert_int_equal(take(&said, &id), BACKHAND_DROP_FULL);
}

/* --- anything at all --------------------------------------------------------------------------------------- */

static uint64_t seed;

static uint64_t below(uint64_t bound)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (seed >> 33) % bound;
}

static void assert_one_slot_a_contact(void)
{
    backhand_announcement a;
    backhand_announcement b;
    for (int i = 0; i < backhand_table_used(table); i++) {
        assert_true(backhand_table_read(table, i, &a, NULL));
        for (int j = 0; j < i; j++) {
            assert_true(backhand_table_read(table, j, &b, NULL));
            assert_false(backhand_contact_equal(&a.contact, &b.contact));
        }
    }
}

/* The content that the table must have, kept by contact and knowing nothing of how slots are found. */
enum { CONTACTS = 20 };
static struct {
    backhand_announcement said;
    apr_time_t heard;
    int id; /* 0: not in the table */
} known[CONTACTS];

static int is_alive(int n)
{
    apr_time_t silent = clock_now - known[n].heard;
    return known[n].id != 0 && (silent <= apr_time_from_sec(SERVER_TIMEOUT) ||
                                (!known[n].said.leaving && silent <= 3 * apr_time_from_msec(known[n].said.interval)));
}

static int count_alive(void)
{
    int alive = 0;
    for (int n = 1; n < CONTACTS; n++) {
        alive += is_alive(n);
    }
    return alive;
}

/* @return 1 when the slot was another's */
static int note(int n, int id, const backhand_announcement *said)
{
    int reused = 0;
    assert_in_range(id, 1, SERVERS - 1);
    assert_true(known[n].id == 0 || known[n].id == id);
    for (int other = 1; other < CONTACTS; other++) {
        if (other != n && known[other].id == id) {
            assert_false(is_alive(other));
            known[other].id = 0;
            reused = 1;
        }
    }
    known[n].said = *said;
    known[n].heard = clock_now;
    known[n].id = id;
    assert_int_equal(backhand_table_usable(table, id, UINT64_MAX), !said->leaving);
    assert_int_equal(serverstats[id].mtime, said->leaving ? 0 : apr_time_sec(clock_now));
    return reused;
}

static void assert_holds_what_is_known(void)
{
    for (int n = 1; n < CONTACTS; n++) {
        backhand_announcement got;
        if (known[n].id != 0) {
            assert_true(backhand_table_read(table, known[n].id, &got, NULL));
            assert_int_equal(got.sequence, known[n].said.sequence);
            assert_true(backhand_contact_equal(&got.contact, &known[n].said.contact));
        }
    }
}

static backhand_announcement anything(int step, int *n)
{
    backhand_announcement said;
    *n = 1 + (int)below(step / 1000 % 2 ? CONTACTS - 1 : SERVERS - 2);
    said = server(*n, 1 + below(3), (uint64_t)step + 100 - below(30) * below(2));
    said.leaving = below(20) == 0;
    said.interval = below(10) ? INTERVAL : 60000;
    return said;
}

static int full;
static int reused;

static void take_anything(int step)
{
    int n;
    int id;
    backhand_announcement said = anything(step, &n);
    wait_ms((int64_t)below(step % 5000 < 50 ? 20000 : 1500));
    switch (take(&said, &id)) {
    case BACKHAND_DROP_FULL:
        full++;
        assert_int_equal(count_alive(), SERVERS - 1);
        assert_int_equal(known[n].id, 0);
        break;
    case BACKHAND_DROP_NONE:
        reused += note(n, id, &said);
        break;
    case BACKHAND_DROP_OLD:
        assert_true(known[n].id != 0 || said.leaving);
        break;
    default:
        fail();
    }
}

static void holds_whatever_comes(void **state)
{
    (void)state;
    for (uint64_t run = 1; run < 6; run++) {
        uint64_t generation = 0;
        int used = 1;
        seed = run;
        memset(known, 0, sizeof(known));
        setup(NULL);
        for (int step = 0; step < 20000; step++) {
            take_anything(step);
            assert_true(backhand_table_generation(table) >= generation);
            assert_in_range(backhand_table_used(table), used, SERVERS);
            generation = backhand_table_generation(table);
            used = backhand_table_used(table);
            assert_holds_what_is_known();
            if (step % 100 == 0) {
                assert_one_slot_a_contact();
            }
        }
        teardown(NULL);
    }
    assert_true(full > 100);
    assert_true(reused > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FARM_TEST(takes_in),
        FARM_TEST(policies_write_until_the_next),
        FARM_TEST(publishes_no_stray_bytes),
        FARM_TEST(drops_the_old),
        FARM_TEST(leaves_and_comes_back),
        FARM_TEST(takes_heartbeats),
        FARM_TEST(forgets_who_represents_its_zone_no_more),
        FARM_TEST(sets_self),
        FARM_TEST(reuses_the_longest_silent),
        cmocka_unit_test(holds_whatever_comes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
