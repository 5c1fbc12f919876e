/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "announce/moderator/office.h"

/* Announcement intervals that a vacancy must last. */
#define WAIT 3
/* How often other zones are told. */
#define FAREWELLS 3

void backhand_office_init(backhand_office *office, int most, apr_interval_time_t interval)
{
    *office = (backhand_office){.most = most, .wait = WAIT * interval};
}

void backhand_office_connected(backhand_office *office)
{
    office->farewells = office->most ? FAREWELLS : 0;
}

/* @return 1: a vacancy has lasted for long enough */
static int has_waited(backhand_office *office, int chosen, apr_time_t now)
{
    if (!chosen) {
        office->vacant = 0;
        return 0;
    }
    office->vacant = office->vacant ? office->vacant : now;
    return now - office->vacant >= office->wait;
}

void backhand_office_look(backhand_office *office, backhand_announcement *self, const backhand_table *table)
{
    int holds = self->far == BACKHAND_FAR_IN;
    backhand_zone_look look;

    if (!office->most) {
        return;
    }
    backhand_representative_look(&look, table, office->most, holds);
    if (holds && !look.chosen) {
        office->farewells = FAREWELLS;
    }
    holds = has_waited(office, look.chosen, backhand_table_now(table)) || (holds && look.chosen);
    self->far = holds ? BACKHAND_FAR_IN : BACKHAND_FAR_SAME;
    self->zone_servers = look.servers;
    self->zone_ready = look.ready;
    self->zone_busy = look.busy;
}

int backhand_office_says_out(backhand_office *office, const backhand_announcement *self)
{
    if (!office->most || self->far == BACKHAND_FAR_IN) {
        office->farewells = 0;
        return 0;
    }
    if (office->farewells > 0) {
        office->farewells--;
        return 1;
    }
    return self->order != 0;
}
