/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file decision.h
 * @brief One run of a policy's chain for one request.
 */
#ifndef BACKHAND_SIM_DECISION_H
#define BACKHAND_SIM_DECISION_H

#include "sim/world.h"

/** What a decision may come to, besides a place in the list. */
#define SIM_SERVE_HERE (-1)
#define SIM_NO_SERVER  (-2)

/** What the chain left; the list is good until the next decision. */
typedef struct sim_decision {
    backhand_candidates candidates; /**< first, so that backhand_chain_current() leads to the rest */
    sim_world *world;
} sim_decision;

/** Runs the chain over the table of the dispatcher that has the request. */
void sim_decide(sim_world *world, uint32_t request, sim_decision *out);

/**
 * Follows a list as httpd does: servers that refused lately in a second round only, those that have no ready worker not
 * at all, since the server that asks can serve. A dispatcher that cannot lets requests wait for a worker where the list
 * sends them.
 * @return a place in the list, SIM_SERVE_HERE or SIM_NO_SERVER
 */
int sim_choose(const sim_world *world, uint32_t dispatcher, const ServerSlot *list, int n, uint64_t generation);

/** Notes what is wrong with what a policy did in the decision that is under way. */
void sim_decision_complain(const char *what);

#endif
