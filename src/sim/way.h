/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file way.h
 * @brief A request's way from its dispatcher to a server and back.
 */
#ifndef BACKHAND_SIM_WAY_H
#define BACKHAND_SIM_WAY_H

#include "sim/world.h"

/** A dispatch begins: a server is picked for the request, and it is on its way there; or it fails. */
void sim_way_pick(sim_world *world, uint32_t request);
/** The response of a request is complete at its server, which may send its figures along. */
void sim_way_returning(sim_world *world, uint32_t request);
/** SIM_ANSWER: a response arrives at the dispatcher, with the figures of sim_way_returning(). */
void sim_way_answered(sim_world *world, uint32_t request);
/** SIM_REFUSAL: the server cannot be reached, or dropped the request; another one is asked. */
void sim_way_refused(sim_world *world, uint32_t request);
/** The server that the dispatcher stands on failed, with the request in its hands. */
void sim_way_dropped(sim_world *world, uint32_t request);
/** For servers to call. */
extern const sim_hears sim_way_hears;

#endif
