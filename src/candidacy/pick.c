/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "candidacy/pick.h"

/* Entries that were never used, of which a list has many, go before anything else is looked at. @return how many are left,
 * this server not counted */
static int keep_used(const backhand_table *table, ServerSlot *servers, int n, ServerSlot *self, int *has_self)
{
    int used = backhand_table_used(table), kept = 0;

    for (int i = 0; i < n; i++) {
        ServerSlot slot = servers[i];
        if (slot.id == 0) {
            *self = slot;
            *has_self = 1;
        }
        else if (slot.id < used) {
            servers[kept++] = slot;
        }
    }
    return kept;
}

int backhand_pick(const backhand_table *table, ServerSlot *servers, int *n, int most)
{
    ServerSlot self = {0, BACKHAND_HANDOFF};
    int has_self = 0, picked = 0;
    int left = keep_used(table, servers, *n, &self, &has_self);

    /* Servers from `picked` on, `left` of them, were not drawn yet. */
    for (; left > 0 && picked < most; left--) {
        int at = picked + (int)backhand_random_below((uint32_t)left);
        ServerSlot slot = servers[at];
        if (backhand_table_older(table, slot.id, SERVER_TIMEOUT)) {
            servers[at] = servers[picked + left - 1];
            continue;
        }
        servers[at] = servers[picked];
        servers[picked++] = slot;
    }
    if (has_self) {
        servers[picked++] = self;
    }
    return *n = picked;
}
