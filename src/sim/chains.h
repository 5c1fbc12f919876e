/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file chains.h
 * @brief Chains of candidacy functions as scenarios write them.
 */
#ifndef BACKHAND_SIM_CHAINS_H
#define BACKHAND_SIM_CHAINS_H

#include "sim/scenario.h"

/**
 * Appends one function, as `byAge 20`, or as a directive: `Backhand byAge 20`, `BackhandFromSO file.so function [arg]`.
 * @param where  `file:line`, for messages
 * @return NULL, or what is wrong
 */
const char *sim_chain_append(backhand_chain *chain, const char *text, const char *where, apr_pool_t *p);

/** Appends several, `|` between them. */
const char *sim_chain_append_all(backhand_chain *chain, const char *text, const char *where, apr_pool_t *p);

#endif
