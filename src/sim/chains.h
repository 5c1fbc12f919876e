/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file chains.h
 * @brief Chains of candidacy functions as scenarios write them.
 */
#ifndef BACKHAND_SIM_CHAINS_H
#define BACKHAND_SIM_CHAINS_H

#include "sim/reader.h"

/**
 * Appends one function to the policy's chain, as `byAge 20`, or as a directive: `Backhand byAge 20`,
 * `BackhandFromSO file.so function [arg]`. With the function byPerl no file is opened: Perl is in the simulator.
 * @param reader  has the file, line and folder, for messages and paths
 * @return NULL, or the error
 */
const char *sim_chain_append(sim_reader *reader, sim_policy *policy, const char *text);

/** Appends several, `|` between them. */
const char *sim_chain_append_all(sim_reader *reader, sim_policy *policy, const char *text);

#endif
