/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file svg.h
 * @brief Draws the results of a simulation as a picture.
 */
#ifndef BACKHAND_SIM_SVG_H
#define BACKHAND_SIM_SVG_H

#include "sim/report.h"

/** Writes a picture with a chart for each case: quantiles of response times, a curve for each policy. */
void sim_svg_write(FILE *out, const sim_scenario *scenario, const sim_outcome *outcomes, int n);

#endif
