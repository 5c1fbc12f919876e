/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "table/zone.h"

#include "table/inside.h"

#define WORDS (BACKHAND_ZONE_SIZE / 8)

int backhand_table_zoned(const backhand_table *table)
{
    return __atomic_load_n(&table->head->zone[0], __ATOMIC_RELAXED) != 0;
}

int backhand_table_near(const backhand_table *table, int id)
{
    return (int)(__atomic_load_n(&table->head->near[id / 64], __ATOMIC_RELAXED) >> (id % 64) & 1);
}

static int is_same(const backhand_head *head, const uint64_t zone[WORDS])
{
    return memcmp(head->zone, zone, sizeof(head->zone)) == 0;
}

/* Only the moderator writes these words. */
static void set_bit(backhand_head *head, int id, int near)
{
    uint64_t word = head->near[id / 64], bit = UINT64_C(1) << (id % 64);
    __atomic_store_n(&head->near[id / 64], near ? word | bit : word & ~bit, __ATOMIC_RELAXED);
}

static void compare(backhand_table *table, int id, const uint64_t zone[WORDS])
{
    set_bit(table->head, id, backhand_table_zoned(table) && is_same(table->head, zone));
}

static void compare_all(backhand_table *table)
{
    int used = backhand_table_used(table);
    uint64_t zone[WORDS];

    for (int id = 1; id < used; id++) {
        if (!backhand_slot_read(&table->slots[id], zone, offsetof(backhand_announcement, zone) / 8, WORDS, NULL)) {
            memset(zone, 0, sizeof(zone));
        }
        compare(table, id, zone);
    }
}

int backhand_table_is_own_zone(const backhand_table *table, const char zone[BACKHAND_ZONE_SIZE])
{
    uint64_t words[WORDS];

    memcpy(words, zone, sizeof(words));
    return backhand_table_zoned(table) && is_same(table->head, words);
}

void backhand_zone_note(backhand_table *table, int id, const char zone[BACKHAND_ZONE_SIZE])
{
    uint64_t words[WORDS];

    memcpy(words, zone, sizeof(words));
    if (id == 0 && !is_same(table->head, words)) {
        for (int i = 0; i < WORDS; i++) {
            __atomic_store_n(&table->head->zone[i], words[i], __ATOMIC_RELAXED);
        }
        compare_all(table);
    }
    compare(table, id, words);
}
