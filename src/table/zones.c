/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "table/zones.h"

#include "table/duty.h"
#include "table/inside.h"
#include "table/update.h"
#include "table/zone.h"

static int is_far(const backhand_table *table, int id)
{
    return BACKHAND_TABLE_ANNOUNCED(table, id, far) == BACKHAND_FAR_IN && !backhand_table_near(table, id);
}

static backhand_zone_sum *find(backhand_zone_sum *zones, int *n, const char zone[BACKHAND_ZONE_SIZE])
{
    int at = 0;

    while (at < *n && memcmp(zones[at].zone, zone, BACKHAND_ZONE_SIZE) != 0) {
        at++;
    }
    if (at == BACKHAND_ZONES_MAX) {
        return NULL;
    }
    if (at == *n) {
        memset(&zones[(*n)++], 0, sizeof(zones[at]));
        memcpy(zones[at].zone, zone, BACKHAND_ZONE_SIZE);
    }
    return &zones[at];
}

static void add(backhand_zone_sum *to, const backhand_announcement *said, int64_t heard)
{
    to->representatives++;
    if (heard >= to->heard) {
        to->heard = heard;
        to->servers = said->zone_servers;
        to->ready = said->zone_ready;
        to->busy = said->zone_busy;
    }
}

int backhand_zones_read(backhand_zone_sum out[BACKHAND_ZONES_MAX], const backhand_table *table)
{
    int used = backhand_table_used(table), n = 0;
    backhand_announcement said;

    for (int id = 1; id < used; id++) {
        backhand_zone_sum *to = NULL;
        if (is_far(table, id) && backhand_table_live(table, id) && backhand_table_read(table, id, &said, NULL) &&
            said.far == BACKHAND_FAR_IN) {
            to = find(out, &n, said.zone);
        }
        if (to) {
            add(to, &said, backhand_number_get(&table->slots[id].heard));
        }
    }
    return n;
}

/* The time since it was heard, as for a server that is dead. */
static int is_lost(const backhand_table *table, int id)
{
    const backhand_slot *slot = &table->slots[id];
    return !slot->left && table->now() - slot->heard > apr_time_from_sec(SERVER_TIMEOUT) &&
           backhand_table_silent(table, id);
}

static int is_of(const backhand_table *table, int id, const char zone[BACKHAND_ZONE_SIZE])
{
    backhand_announcement said;
    return backhand_table_read(table, id, &said, NULL) && memcmp(said.zone, zone, BACKHAND_ZONE_SIZE) == 0;
}

static int has_live(const backhand_table *table, int used, const char zone[BACKHAND_ZONE_SIZE])
{
    int id = 1;

    while (id < used && !(is_far(table, id) && backhand_table_live(table, id) && is_of(table, id, zone))) {
        id++;
    }
    return id < used;
}

void backhand_zones_tidy(backhand_table *table)
{
    int used = backhand_table_used(table), forgotten = 0;
    backhand_announcement said;

    for (int id = 1; id < used; id++) {
        if (is_far(table, id) && !backhand_table_forgotten(table, id) && is_lost(table, id) &&
            backhand_table_read(table, id, &said, NULL) && has_live(table, used, said.zone)) {
            backhand_table_forget(table, id);
            forgotten = 1;
        }
    }
    if (forgotten) {
        backhand_table_look_duty(table);
    }
}
