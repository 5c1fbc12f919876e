/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file read_scenario.h
 * @brief Reads and checks a scenario file. docs/bhsim.md describes its lines.
 */
#ifndef BACKHAND_SIM_READ_SCENARIO_H
#define BACKHAND_SIM_READ_SCENARIO_H

#include "sim/scenario.h"

/**
 * Reads a scenario.
 * @param settings  lines that replace those of the file, `const char *` each
 * @return NULL, or what is wrong: `FILE:LINE: message`
 */
const char *sim_scenario_read(sim_scenario **out, const char *file, const apr_array_header_t *settings, apr_pool_t *p);

#endif
