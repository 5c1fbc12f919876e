/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* A server that announces another contact than before has moved: the table has it once. */

#include "farm.h"
#include "table/handoff.h"
#include "table/state.h"

/* Server `n` of boot 77, as it is when its address has changed to that of server `to`. */
static backhand_announcement moved(int n, int to, uint64_t sequence)
{
    backhand_announcement said = server(n, 77, sequence), other = server(to, 1, 1);
    memcpy(said.stat.contact, other.stat.contact, sizeof(said.stat.contact));
    said.contact = other.contact;
    return said;
}

static void moves(void **state)
{
    backhand_announcement said = moved(1, 40, 6);
    int id = hear(1, 77, 5);
    uint64_t generation = backhand_table_generation(table);
    backhand_update out;
    (void)state;
    out = backhand_table_update(table, &said, NULL);
    assert_int_equal(out.drop, BACKHAND_DROP_NONE);
    assert_int_equal(out.id, id);
    assert_false(out.joined);
    assert_string_equal(out.moved, server(1, 77, 5).stat.contact);
    assert_int_equal(backhand_table_used(table), 2);
    assert_string_equal(serverstats[id].contact, said.stat.contact);
    /* A request that has chosen the old contact does not go to the new one by the old one's counts. */
    assert_false(backhand_table_usable(table, id, generation));
    assert_true(backhand_table_usable(table, id, backhand_table_generation(table)));
    /* A request to the old contact waits for a moment: its response may be on its way. */
    assert_false(backhand_table_replaced(table, id, generation));
    wait_ms(3 * INTERVAL + 1);
    assert_true(backhand_table_replaced(table, id, generation));
    assert_false(backhand_table_replaced(table, id, backhand_table_generation(table)));
    /* Announcements with the old contact that were under way. */
    said = moved(1, 1, 4);
    assert_int_equal(take(&said, &id), BACKHAND_DROP_OLD);
    said = moved(1, 1, 6);
    assert_int_equal(take(&said, &id), BACKHAND_DROP_OLD);
    said = moved(1, 40, 7);
    out = backhand_table_update(table, &said, NULL);
    assert_int_equal(out.drop, BACKHAND_DROP_NONE);
    assert_string_equal(out.moved, "");
    assert_int_equal(backhand_table_used(table), 2);
    backhand_table_forget(table, out.id);
    assert_false(backhand_table_replaced(table, out.id, generation));
}

static void moves_to_a_known_contact(void **state)
{
    backhand_announcement said = server(2, 9, 2);
    int first = hear(1, 77, 5), second = hear(2, 9, 1), id;
    (void)state;
    said.leaving = 1;
    assert_int_equal(take(&said, &id), BACKHAND_DROP_NONE);
    said = moved(1, 2, 6);
    assert_int_equal(take(&said, &id), BACKHAND_DROP_NONE);
    assert_int_equal(id, first);
    assert_true(backhand_table_usable(table, first, UINT64_MAX));
    assert_false(backhand_table_usable(table, second, UINT64_MAX));
    assert_string_equal(serverstats[second].contact, "");
    assert_int_equal(backhand_table_slot_generation(table, second), 0);
    said = moved(1, 1, 7); /* and back again */
    assert_int_equal(take(&said, &id), BACKHAND_DROP_NONE);
    assert_int_equal(id, first);
    assert_string_equal(serverstats[id].contact, said.stat.contact);
}

static void moves_in_a_full_table(void **state)
{
    backhand_announcement said;
    int id;
    (void)state;
    for (int n = 1; n < SERVERS; n++) {
        hear(n, 77, 1);
    }
    for (int i = 0; i < 1000; i++) {
        said = moved(3, 100 + i, 2 + (uint64_t)i);
        assert_int_equal(take(&said, &id), BACKHAND_DROP_NONE);
        assert_int_equal(id, 3);
    }
    assert_int_equal(backhand_table_used(table), SERVERS);
    said = server(50, 9, 1);
    assert_int_equal(take(&said, &id), BACKHAND_DROP_FULL);
}

static void moves_no_other(void **state)
{
    backhand_announcement said;
    int first = hear(1, 77, 5), id;
    (void)state;
    hear(2, 77, 1); /* another hostname */
    said = moved(1, 3, 9);
    said.boot = 78; /* another boot */
    assert_int_equal(take(&said, &id), BACKHAND_DROP_NONE);
    said = moved(1, 4, 9);
    said.boot = 0; /* a heartbeat */
    assert_int_equal(take(&said, &id), BACKHAND_DROP_NONE);
    said = moved(1, 0, 9); /* this server's contact is never given away, nor does it say where a rival is */
    take(&said, &id);
    assert_true(backhand_table_usable(table, first, UINT64_MAX));
    assert_string_equal(serverstats[first].contact, server(1, 77, 5).stat.contact);
    assert_int_equal(backhand_table_used(table), 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FARM_TEST(moves),
        FARM_TEST(moves_to_a_known_contact),
        FARM_TEST(moves_in_a_full_table),
        FARM_TEST(moves_no_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
