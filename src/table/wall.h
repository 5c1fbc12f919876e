/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file wall.h
 * @brief What the table does about the wall clock, which people set.
 */
#ifndef BACKHAND_WALL_H
#define BACKHAND_WALL_H

#include "table/table.h"

/**
 * Corrects all mtimes after the wall clock was set, because they are compared with that clock. Checks whether it was
 * set by more than a second since the last call, by any process. [moderator]
 * @return the step, us; 0: it was not set
 */
apr_interval_time_t backhand_table_follow_wall(backhand_table *table);

/**
 * Makes all other servers silent, and older than any age, until they are heard again; they stay in the table. For a
 * server whose clock the others may no longer believe. [moderator]
 */
void backhand_table_doubt(backhand_table *table);

/** What the wall clock shows, us since 1970, however it was set. */
apr_time_t backhand_table_wall_shown(const backhand_table *table);

/** The wall clock, us since 1970. From the moment when it is set until the moderator notices: the time that it would
 * have shown. For times that others compare with their clocks. */
apr_time_t backhand_table_wall(const backhand_table *table);

/** The time that the wall clock would show if it had not been set within the last 5 s; otherwise as
 * backhand_table_wall(). The others have not noticed the step yet. */
apr_time_t backhand_table_wall_before(const backhand_table *table);

#endif
