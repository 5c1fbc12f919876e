/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file zone.h
 * @brief Which servers are in this server's zone (BackhandZone), as one bit for each slot. Core: no httpd.
 *
 * A decision looks at many servers, and asks one thing only: is it in this server's zone? The moderator compares the
 * names when an announcement comes in.
 */
#ifndef BACKHAND_TABLE_ZONE_H
#define BACKHAND_TABLE_ZONE_H

#include "table/table.h"

/** True when this server has a zone. Any process. */
int backhand_table_zoned(const backhand_table *table);

/** True when this server has a zone and the slot's server is in it; slot 0 always is. A server that has left keeps its
 * zone. Any process. */
int backhand_table_near(const backhand_table *table, int id);

/** True when this server has a zone and that is its name; zeros behind its end. [moderator] */
int backhand_table_is_own_zone(const backhand_table *table, const char zone[BACKHAND_ZONE_SIZE]);

/** Notes the zone that the slot's server announces. `zone`: zeros behind its end. If slot 0 has got another zone, looks
 * at all other slots again. [moderator] */
void backhand_zone_note(backhand_table *table, int id, const char zone[BACKHAND_ZONE_SIZE]);

#endif
