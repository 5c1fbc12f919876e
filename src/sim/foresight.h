/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file foresight.h
 * @brief Computes when a server would have served a request, from the true state of the simulation. For references that
 * no real balancer could reach.
 */
#ifndef BACKHAND_SIM_FORESIGHT_H
#define BACKHAND_SIM_FORESIGHT_H

#include "sim/world.h"

/** Seconds, by the requests that are there or on their way and by its true speed; how much work these are, and the
 * request itself, is not known but for the mean of its kind. `here`: its dispatcher stands there, with a worker for it.
 * A server that has failed never ends it. */
double sim_foresight_mean(const sim_world *world, const sim_request *asked, uint32_t server, int here);

/** The same with all work known, and nothing coming afterwards. */
double sim_foresight_exact(const sim_world *world, const sim_request *asked, uint32_t server, int here);

#endif
