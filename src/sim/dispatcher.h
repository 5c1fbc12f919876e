/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file dispatcher.h
 * @brief A simulated dispatcher: its table of servers, kept by mod_backhand's own code.
 *
 * A dispatcher is either a machine of its own or stands on a server. A machine of its own is slot 0 of its table, never
 * announces itself, and serves nothing. A dispatcher on a server has that server in slot 0.
 */
#ifndef BACKHAND_SIM_DISPATCHER_H
#define BACKHAND_SIM_DISPATCHER_H

#include "sim/world.h"

/** A dispatcher's own observations of a server. */
typedef struct sim_known {
    uint32_t own;    /**< requests that it sent there and that are not answered */
    int64_t refused; /**< when the server last refused or dropped one; SIM_NEVER: not since */
} sim_known;

struct sim_dispatcher {
    backhand_table *table;
    sim_known *known;  /**< [servers] */
    uint16_t *slots;   /**< [servers] the slot of each; 0: not known, or the dispatcher's own */
    uint16_t *servers; /**< [slots] the server in each */
    uint32_t next;     /**< roundrobin's turn, and where leastconn begins to look */
};

/** The server that a dispatcher stands on, or SIM_NONE. */
uint32_t sim_dispatcher_server(const sim_world *world, uint32_t dispatcher);

void sim_dispatchers_make(sim_world *world);
void sim_dispatchers_free(sim_world *world);

/** SIM_HEARD: the server's last announcement comes to all dispatchers, except where it is lost, and to those that
 * SIM_HEARD_FAR is for. */
void sim_dispatchers_hear(sim_world *world, uint32_t server);
/** SIM_HEARD_FAR: the announcement with that sequence comes to the dispatchers of other zones; one that so many others
 * followed that it is no longer known is lost. */
void sim_dispatchers_hear_far(sim_world *world, uint32_t server, uint64_t sequence);

#endif
