/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file decision.h
 * @brief One run of a policy's chain for one request.
 */
#ifndef BACKHAND_SIM_DECISION_H
#define BACKHAND_SIM_DECISION_H

#include "sim/world.h"

/** The result of a chain; its list is valid until the next decision. */
typedef struct sim_decision {
    backhand_candidates candidates; /**< first, so that backhand_chain_current() leads to the rest */
    sim_world *world;
} sim_decision;

/** Runs the chain over the table of the dispatcher that has the request. */
void sim_decide(sim_world *world, uint32_t request, sim_decision *out);

/**
 * The rules of all walks. A dispatcher that stands on no server cannot serve anything itself, and lets requests wait
 * for a worker where the list sends them. Nobody is redirected: a request goes where its client would be sent.
 */
backhand_walk_rules sim_decision_rules(const sim_scenario *scenario);

/** Decides on the request, and takes the first step of its walk through the candidates. */
void sim_decision_walk(sim_world *world, uint32_t request, backhand_step *step);

/** Takes the next step. The request remembers no more than SIM_FURTHER candidates before and behind the last one. */
void sim_decision_walk_on(sim_world *world, uint32_t request, backhand_walk_result last, backhand_step *step);

/** Notes a complaint about the policy in the decision under way. */
void sim_decision_complain(const char *what);

#endif
