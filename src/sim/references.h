/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file references.h
 * @brief Reference balancers for comparison, which use no announcements.
 */
#ifndef BACKHAND_SIM_REFERENCES_H
#define BACKHAND_SIM_REFERENCES_H

#include "sim/world.h"

/**
 * The server that a reference policy picks for the request, of those that have ever started and have not refused its
 * dispatcher lately;
 * of all that have started when there is none.
 *
 * - roundrobin: in turn.
 * - leastconn: the one with the fewest requests from this dispatcher; in turn among those that have as few.
 * - random2: of two at random, the one with fewer.
 * - here: the one that the dispatcher stands on.
 * - oracle: sees the requests that are at each server or on their way there at this instant, and its true speed, and
 *   takes the one where a request of mean length is expected to end first, this one of several.
 * - omniscient: knows the work of each of them, too.
 *
 * @return SIM_NONE when there is no server
 */
uint32_t sim_reference_pick(sim_world *world, uint32_t request);

/** The reference of that name, or SIM_CHAIN. */
sim_reference sim_reference_find(const char *name);

#endif
