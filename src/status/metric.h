/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file metric.h
 * @brief Writes metric families and their samples: as OpenMetrics 1.0, or as Prometheus's text format 0.0.4. Core: no
 * httpd.
 *
 * All samples of a family follow its head.
 */
#ifndef BACKHAND_STATUS_METRIC_H
#define BACKHAND_STATUS_METRIC_H

#include "base/histogram.h"
#include "status/out.h"

/** The kinds of families. */
typedef enum backhand_metric_kind {
    BACKHAND_METRIC_GAUGE,
    BACKHAND_METRIC_COUNTER, /**< its samples end in `_total` */
    BACKHAND_METRIC_HISTOGRAM,
    BACKHAND_METRIC_INFO /**< its only value is 1, its samples end in `_info` */
} backhand_metric_kind;

/** The labels of a sample: pairs of name and value, the last name NULL. */
typedef struct backhand_label {
    const char *name;
    const char *value;
} backhand_label;

/** The family that is being written. */
typedef struct backhand_metric {
    const backhand_out *out;
    int open_metrics; /**< 1: OpenMetrics; 0: Prometheus's text format */
    backhand_metric_kind kind;
    const char *name;
} backhand_metric;

/** Begins a family. @param name  without the ending of its kind; as long-lived as the family. @param help  a line */
void backhand_metric_begin(backhand_metric *metric, backhand_metric_kind kind, const char *name, const char *help);

/** Writes a sample, number / divisor; see backhand_out_decimal(). */
void backhand_metric_sample(const backhand_metric *metric, const backhand_label *labels, int64_t number,
                            int64_t divisor);

/** Writes the samples of a histogram; bounds in us, written in seconds. */
void backhand_metric_histogram(const backhand_metric *metric, const backhand_label *labels,
                               const backhand_histogram *histogram, const int64_t bounds[BACKHAND_BUCKET_BOUNDS]);

#endif
