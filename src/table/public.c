/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "table/inside.h"
#include "table/table.h"

int backhand_api_version(void)
{
    return BACKHAND_API_VERSION;
}

serverstat *backhand_serverstats(void)
{
    backhand_table *table = backhand_table_current();
    return table ? table->stats : NULL;
}

int backhand_maxservers(void)
{
    backhand_table *table = backhand_table_current();
    return table ? table->max_servers : 0;
}

int64_t *backhand_personal_arriba(void)
{
    backhand_table *table = backhand_table_current();
    return table ? table->personal_arriba : NULL;
}

int backhand_zone_get(int id, char zone[BACKHAND_ZONE_SIZE])
{
    const backhand_table *table = backhand_table_current();
    char words[BACKHAND_ZONE_SIZE];

    if (!table || id < 0 || id >= table->max_servers ||
        !backhand_slot_read(&table->slots[id], words, offsetof(backhand_announcement, zone) / 8, sizeof(words) / 8,
                            NULL)) {
        words[0] = '\0';
    }
    memcpy(zone, words, *words ? sizeof(words) : 1);
    return *zone != '\0';
}

int backhand_identity_get(int id, char hostname[BACKHAND_HOSTNAME_SIZE], char contact[BACKHAND_CONTACT_SIZE])
{
    const backhand_table *table = backhand_table_current();
    size_t first = offsetof(backhand_announcement, stat.hostname) / 8;
    struct {
        char hostname[BACKHAND_HOSTNAME_SIZE];
        char contact[BACKHAND_CONTACT_SIZE];
    } both;
    int found = table && id >= 0 && id < table->max_servers &&
                backhand_slot_read(&table->slots[id], &both, first, sizeof(both) / 8, NULL);

    if (!found) {
        both.hostname[0] = both.contact[0] = '\0';
    }
    if (hostname) {
        memcpy(hostname, both.hostname, found ? sizeof(both.hostname) : 1);
    }
    if (contact) {
        memcpy(contact, both.contact, found ? sizeof(both.contact) : 1);
    }
    return found;
}
