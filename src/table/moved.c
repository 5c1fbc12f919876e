/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "table/moved.h"
#include "table/inside.h"

#include <string.h>

static int has_name(const backhand_slot *slot, const char *hostname)
{
    char name[BACKHAND_HOSTNAME_SIZE];
    size_t first = offsetof(backhand_announcement, stat.hostname) / 8;

    return backhand_slot_read(slot, name, first, sizeof(name) / 8, NULL) && strcmp(name, hostname) == 0;
}

int backhand_moved_find(const backhand_table *table, const backhand_announcement *announcement, int id)
{
    int used = backhand_table_used(table);

    /* Looks through the table only when a contact is new or has got another boot. A stock heartbeat has no boot. */
    if (announcement->boot == 0 || id == 0 ||
        (id > 0 && (uint64_t)BACKHAND_ANNOUNCED(&table->slots[id], boot) == announcement->boot)) {
        return -1;
    }
    for (int other = 1; other < used; other++) {
        const backhand_slot *slot = &table->slots[other];
        if (other != id && (uint64_t)BACKHAND_ANNOUNCED(slot, boot) == announcement->boot &&
            has_name(slot, announcement->stat.hostname)) {
            return other;
        }
    }
    return -1;
}

int backhand_moved_late(const backhand_table *table, const backhand_announcement *announcement, int from)
{
    return announcement->sequence <= (uint64_t)BACKHAND_ANNOUNCED(&table->slots[from], sequence);
}
