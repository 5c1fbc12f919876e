/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* What announcements do to the table: slots, order, leaving, restarts and rivals. */

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

/* --- restarts and rivals ----------------------------------------------------------------------------------------- */

static void a_restart_is_no_rival(void **state)
{
    (void)state;
    for (uint64_t boot = 1; boot < 30; boot++) {
        for (uint64_t sequence = 1; sequence < 4; sequence++) {
            assert_false(backhand_table_rival(table, hear(1, boot, sequence)));
            wait_ms(INTERVAL);
        }
    }
}

static void late_words_are_no_rival(void **state)
{
    backhand_announcement late = server(1, 1, 10);
    int id;
    (void)state;
    hear(1, 1, 10);
    hear(1, 2, 1);
    assert_int_equal(take(&late, &id), BACKHAND_DROP_OLD);
    hear(1, 1, 11); /* overtaken on the way */
    assert_false(backhand_table_rival(table, hear(1, 2, 2)));
    assert_int_equal(serverstats[1].mtime, 1000000);
    wait_ms(INTERVAL);
    assert_false(backhand_table_rival(table, hear(1, 2, 3)));
}

/* So many servers of one contact, each every `interval` ms in turn. @return rounds until they were told apart, -1: never */
static int rounds_to_rival(int n, uint64_t boots, const int64_t *interval)
{
    int64_t due[4] = {0};
    for (int64_t ms = 0; ms < 400000; ms += 50, wait_ms(50)) {
        for (uint64_t b = 0; b < boots; b++) {
            backhand_announcement said = server(n, 100 + b, (uint64_t)ms / 50 + 1);
            int id;
            if (ms < due[b]) {
                continue;
            }
            due[b] = ms + interval[b];
            said.interval = interval[b];
            assert_int_equal(take(&said, &id), BACKHAND_DROP_NONE);
            if (backhand_table_rival(table, id)) {
                return (int)(ms / interval[boots - 1]) + 1;
            }
        }
    }
    return -1;
}

static void tells_rivals(void **state)
{
    static const int64_t same[] = {250, 250, 250, 250};
    static const int64_t apart[] = {50, 60000};
    backhand_slot *slot;
    (void)state;
    assert_in_range(rounds_to_rival(1, 2, same), 1, 4);
    assert_in_range(rounds_to_rival(2, 3, same), 1, 4);
    assert_in_range(rounds_to_rival(3, 4, same), 1, 4);
    assert_in_range(rounds_to_rival(4, 2, apart), 1, 4);
    slot = &table->slots[1];
    assert_in_range(slot->rival_boot, 100, 101);
    hear(1, 100, 1000000);
    wait_ms(10 * INTERVAL); /* one is gone */
    assert_false(backhand_table_rival(table, hear(1, 100, 1000001)));
}

static void tells_rivals_of_self(void **state)
{
    backhand_announcement self = server(0, 1, 2);
    backhand_announcement said = server(0, 50, 1);
    uint64_t generation = backhand_table_generation(table);
    int id;
    (void)state;
    said.stat.load = 4321;
    for (uint64_t i = 0; i < 4; i++) {
        assert_false(backhand_table_rival(table, 0));
        said.sequence++;
        assert_int_equal(take(&said, &id), BACKHAND_DROP_NONE);
        assert_int_equal(id, 0);
        wait_ms(INTERVAL);
        backhand_table_set_self(table, &self);
    }
    assert_true(backhand_table_rival(table, 0));
    assert_int_equal(table->slots[0].rival_boot, 50);
    assert_int_equal(take(&said, &id), BACKHAND_DROP_OLD);
    assert_int_equal(serverstats[0].load, 0);
    assert_int_equal(backhand_table_generation(table), generation);
    wait_ms(3 * INTERVAL);
    assert_false(backhand_table_rival(table, 0));
}

/* --- self -------------------------------------------------------------------------------------------------------- */

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

/* --- a full table ------------------------------------------------------------------------------------------------ */

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

/* --- anything at all --------------------------------------------------------------------------------------------- */

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

static int alive(const backhand_announcement *who, apr_time_t heard)
{
    apr_time_t silent = clock_now - heard;
    return silent <= apr_time_from_sec(SERVER_TIMEOUT) ||
           (!who->leaving && silent <= 3 * apr_time_from_msec(who->interval));
}

/* What the table must hold, kept by a list that knows nothing of slots. */
static void holds_whatever_comes(void **state)
{
    enum { CONTACTS = 20 };
    static struct {
        backhand_announcement said;
        apr_time_t heard;
        int id;
    } known[CONTACTS];
    int full = 0;
    int reused = 0;
    (void)state;
    for (seed = 1; seed < 6; seed++) {
        uint64_t first = seed;
        uint64_t generation = 0;
        memset(known, 0, sizeof(known));
        setup(NULL);
        for (int step = 0; step < 20000; step++) {
            int n = 1 + (int)below(step / 1000 % 2 ? CONTACTS - 1 : SERVERS - 2);
            backhand_announcement said = server(n, 1 + below(3), (uint64_t)step + 1 - below(30) * below(2));
            backhand_announcement got;
            int used = backhand_table_used(table);
            int live = 0;
            int id;
            backhand_drop drop;
            said.leaving = below(20) == 0;
            said.interval = below(10) ? INTERVAL : 60000;
            wait_ms((int64_t)below(step % 5000 < 50 ? 20000 : 1500));
            for (int i = 1; i < CONTACTS; i++) {
                live += known[i].id > 0 && alive(&known[i].said, known[i].heard);
            }
            drop = take(&said, &id);
            if (drop == BACKHAND_DROP_FULL) {
                full++;
                assert_int_equal(live, SERVERS - 1);
                assert_int_equal(known[n].id, 0);
            }
            else if (drop == BACKHAND_DROP_NONE) {
                assert_in_range(id, 1, SERVERS - 1);
                assert_true(known[n].id == 0 || known[n].id == id);
                for (int i = 1; i < CONTACTS; i++) {
                    if (i != n && known[i].id == id) {
                        assert_false(alive(&known[i].said, known[i].heard));
                        known[i].id = 0;
                        reused++;
                    }
                }
                known[n].said = said;
                known[n].heard = clock_now;
                known[n].id = id;
                assert_int_equal(backhand_table_usable(table, id, UINT64_MAX), !said.leaving);
                assert_int_equal(serverstats[id].mtime, said.leaving ? 0 : apr_time_sec(clock_now));
            }
            else {
                assert_int_equal(drop, BACKHAND_DROP_OLD);
            }
            assert_true(backhand_table_generation(table) >= generation);
            generation = backhand_table_generation(table);
            assert_in_range(backhand_table_used(table), used, SERVERS);
            for (int i = 1; i < CONTACTS; i++) {
                if (known[i].id > 0) {
                    assert_true(backhand_table_read(table, known[i].id, &got, NULL));
                    assert_int_equal(got.sequence, known[i].said.sequence);
                    assert_true(backhand_contact_equal(&got.contact, &known[i].said.contact));
                }
            }
            if (step % 100 == 0) {
                assert_one_slot_a_contact();
            }
        }
        teardown(NULL);
        seed = first;
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
        FARM_TEST(a_restart_is_no_rival),
        FARM_TEST(late_words_are_no_rival),
        FARM_TEST(tells_rivals),
        FARM_TEST(tells_rivals_of_self),
        FARM_TEST(sets_self),
        FARM_TEST(reuses_the_longest_silent),
        cmocka_unit_test(holds_whatever_comes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
