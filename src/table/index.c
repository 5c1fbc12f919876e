/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "base/hash.h"
#include "table/index.h"
#include "table/table.h"

#include <string.h>

/* Open addressing: a slot's id plus one in each place, 0 for a free place. At most half of the places are taken. */
struct backhand_index {
    int valid;
    uint64_t generation; /* the table's when this was made */
    uint32_t mask;
    uint16_t *places;
};

_Static_assert(BACKHAND_SERVERS_MAX < UINT16_MAX, "an id plus one fits into a place");

backhand_index *backhand_index_create(int max_servers, apr_pool_t *p)
{
    backhand_index *index = apr_pcalloc(p, sizeof(*index));
    uint32_t size = 1;

    while (size < 2 * (uint32_t)max_servers) {
        size *= 2;
    }
    index->mask = size - 1;
    index->places = apr_pcalloc(p, size * sizeof(*index->places));
    return index;
}

static uint32_t hash(const backhand_contact *contact)
{
    uint64_t h = BACKHAND_HASH_SEED ^ (uint64_t)contact->port ^ ((uint64_t)(contact->https != 0) << 32);
    h = backhand_hash_add(h, contact->address, strlen(contact->address));
    return (uint32_t)(h ^ (h >> 32));
}

static int contact_of(const backhand_table *table, int id, backhand_contact *contact)
{
    size_t first = offsetof(backhand_announcement, contact) / 8;
    return backhand_slot_read(&table->slots[id], contact, first, sizeof(*contact) / 8, NULL);
}

static void place(const backhand_table *table, int id)
{
    backhand_index *index = table->index;
    backhand_contact contact;
    uint32_t at;

    if (!contact_of(table, id, &contact)) {
        return;
    }
    for (at = hash(&contact) & index->mask; index->places[at]; at = (at + 1) & index->mask) {
    }
    index->places[at] = (uint16_t)(id + 1);
}

static void make(const backhand_table *table)
{
    backhand_index *index = table->index;
    int used = backhand_table_used(table);

    memset(index->places, 0, (index->mask + 1) * sizeof(*index->places));
    for (int id = 0; id < used; id++) {
        place(table, id);
    }
    index->generation = backhand_table_generation(table);
    index->valid = 1;
}

int backhand_index_find(const backhand_table *table, const backhand_contact *contact)
{
    const backhand_index *index = table->index;

    if (!index->valid || index->generation != backhand_table_generation(table)) {
        make(table);
    }
    for (uint32_t at = hash(contact) & index->mask; index->places[at]; at = (at + 1) & index->mask) {
        backhand_contact found;
        int id = index->places[at] - 1;
        if (contact_of(table, id, &found) && backhand_contact_equal(&found, contact)) {
            return id;
        }
    }
    return -1;
}

void backhand_index_add(const backhand_table *table, int id, uint64_t before)
{
    if (table->index->valid && table->index->generation == before) {
        place(table, id);
        table->index->generation = backhand_table_generation(table);
    }
}

void backhand_index_forget(backhand_index *index)
{
    index->valid = 0;
}
