/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file metrics.h
 * @brief The status page for Prometheus and other programs that read metrics; docs/status.md lists the names. Core: no
 * httpd.
 */
#ifndef BACKHAND_STATUS_METRICS_H
#define BACKHAND_STATUS_METRICS_H

#include "status/facts.h"
#include "status/out.h"

/** The media types of the two formats. */
#define BACKHAND_METRICS_OPEN "application/openmetrics-text; version=1.0.0; charset=utf-8"
#define BACKHAND_METRICS_TEXT "text/plain; version=0.0.4; charset=utf-8"

/** True when an Accept header asks for OpenMetrics. @param accept  NULL: there is none */
int backhand_metrics_wants_open(const char *accept);

/** Writes all metrics. Any process that may read the table. @param open_metrics  1: as OpenMetrics 1.0; 0: in
 * Prometheus's text format 0.0.4 */
void backhand_metrics_write(const backhand_out *out, const backhand_facts *facts, int open_metrics);

#endif
