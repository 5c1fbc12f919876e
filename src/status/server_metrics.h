/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file server_metrics.h
 * @brief The metrics that each server of the table has. Core: no httpd.
 */
#ifndef BACKHAND_STATUS_SERVER_METRICS_H
#define BACKHAND_STATUS_SERVER_METRICS_H

#include "status/metric.h"
#include "status/rows.h"

/** Writes their families. @param wall  the wall clock, us since 1970 */
void backhand_server_metrics_write(backhand_metric *metric, const backhand_row *rows, int n, apr_time_t wall);

#endif
