/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "table/inside.h"

/* Half of the range of the type, so that the difference of two times never overflows. */
#define TIME_MAX  (INT64_MAX / 2)
#define COUNT_MAX INT32_MAX
#define BYTES_MAX INT64_MAX

/* The members of one backhand_field. */
#define ROW(name, max) #name, offsetof(serverstat, name), 0, (max)

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

const backhand_field *backhand_fields(void)
{
    static const backhand_field fields[] = {
        {ROW(mtime, TIME_MAX)},
        {ROW(arriba, COUNT_MAX)},
        {ROW(aservers, COUNT_MAX)},
        {ROW(nservers, COUNT_MAX)},
        {ROW(load, COUNT_MAX)},
        {ROW(load_hwm, COUNT_MAX)},
        {ROW(cpu, 1000)},
        {ROW(ncpu, COUNT_MAX)},
        {ROW(tmem, BYTES_MAX)},
        {ROW(amem, BYTES_MAX)},
        {ROW(numbacked, INT64_MAX)}, /* a total since the start: after some days at full speed it is above INT32_MAX */
        {ROW(tatime, COUNT_MAX)},
        {NULL, 0, 0, 0},
    };
    return fields;
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
