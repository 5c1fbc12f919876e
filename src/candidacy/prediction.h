/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file prediction.h
 * @brief The figures for built-in functions: as announced, or with the requests sent since added. Core: no httpd.
 *
 * After addPrediction in a chain each request that this server has sent to a server since that server's last
 * announcement counts as one worker that is busy there, one more running job in its load, and one CPU that is not idle.
 * The table itself does not change: other functions, other requests and the status page see the announced figures.
 */
#ifndef BACKHAND_PREDICTION_H
#define BACKHAND_PREDICTION_H

#include "candidacy/chain.h"

/** Requests to add to the server's announced figures; 0 unless addPrediction has run in this chain. */
int64_t backhand_predicted(int id);

/** Load x 1000. */
int64_t backhand_predicted_load(int id);
/** Workers that are busy. */
int64_t backhand_predicted_busy(int id);
/** Workers that are ready; 0 or more. */
int64_t backhand_predicted_ready(int id);
/** Idle share of the CPUs x 1000; negative if more requests were sent than there are CPUs. */
int64_t backhand_predicted_cpu(int id);

#endif
