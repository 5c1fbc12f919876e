/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* Several boots of one contact: a server that starts again is told from two that live at once. */

#include "farm.h"

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

/* Graceful restarts in quick order: of each earlier process a word comes late. */
static void quick_restarts_are_no_rival(void **state)
{
    (void)state;
    for (uint64_t boot = 1; boot < 30; boot++) {
        hear(1, boot, 1);
        wait_ms(INTERVAL / 4);
        if (boot > 1) {
            assert_false(backhand_table_rival(table, hear(1, boot - 1, 4)));
            assert_false(backhand_table_rival(table, hear(1, boot, 2)));
        }
        assert_false(backhand_table_rival(table, hear(1, boot, 3)));
        wait_ms(INTERVAL / 4);
    }
}

/* The same of this server itself, whose new moderator hears the old one. */
static void own_quick_restarts_are_no_rival(void **state)
{
    (void)state;
    for (uint64_t boot = 50; boot < 80; boot++) {
        for (uint64_t sequence = 1; sequence < 4; sequence++) {
            backhand_announcement late = server(0, boot, sequence);
            int id;
            assert_int_equal(take(&late, &id), BACKHAND_DROP_NONE);
            assert_false(backhand_table_rival(table, 0));
        }
        wait_ms(INTERVAL / 4);
    }
}

/* So many servers of one contact, each every `interval` ms in turn. @return rounds until they were told apart, -1:
 * never */
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        FARM_TEST(a_restart_is_no_rival),
        FARM_TEST(late_words_are_no_rival),
        FARM_TEST(quick_restarts_are_no_rival),
        FARM_TEST(own_quick_restarts_are_no_rival),
        FARM_TEST(tells_rivals),
        FARM_TEST(tells_rivals_of_self),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
