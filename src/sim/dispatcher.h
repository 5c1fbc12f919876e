/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file dispatcher.h
 * @brief A simulated dispatcher: its table of servers, kept by mod_backhand's own code.
 *
 * A dispatcher of its own is slot 0 of its table, is never heard of, and serves nothing. One on a server is that
 * server.
 */
#ifndef BACKHAND_SIM_DISPATCHER_H
#define BACKHAND_SIM_DISPATCHER_H

#include "sim/world.h"

/** What a dispatcher knows of a server without being told. */
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

/** SIM_HEARD: what the server announced last comes to all dispatchers, but for what gets lost. */
void sim_dispatchers_hear(sim_world *world, uint32_t server);

#endif
