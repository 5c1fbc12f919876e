/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file report.h
 * @brief Writes the results of a simulation as a table.
 */
#ifndef BACKHAND_SIM_REPORT_H
#define BACKHAND_SIM_REPORT_H

#include "sim/world.h"

#include <stdio.h>

/** A case and the result of each policy in it. */
typedef struct sim_outcome {
    sim_case its_case;
    sim_result *results; /**< [n_policies] */
} sim_outcome;

/** Writes one table for each case. */
void sim_report_text(FILE *out, const sim_scenario *scenario, const sim_outcome *outcomes, int n);

#endif
