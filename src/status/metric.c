/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "status/metric.h"

#define MICROS 1000000

static const char *ending(backhand_metric_kind kind)
{
    return kind == BACKHAND_METRIC_COUNTER ? "_total" : kind == BACKHAND_METRIC_INFO ? "_info" : "";
}

/* The text format knows no kind for info. */
static const char *kind_name(const backhand_metric *metric)
{
    switch (metric->kind) {
    case BACKHAND_METRIC_COUNTER:
        return "counter";
    case BACKHAND_METRIC_HISTOGRAM:
        return "histogram";
    case BACKHAND_METRIC_INFO:
        return metric->open_metrics ? "info" : "gauge";
    default:
        return "gauge";
    }
}

/* In OpenMetrics a family's name has no ending. */
static void head_line(const backhand_metric *metric, const char *word, const char *rest)
{
    backhand_out_text(metric->out, "# ");
    backhand_out_text(metric->out, word);
    backhand_out_text(metric->out, metric->name);
    backhand_out_text(metric->out, metric->open_metrics ? "" : ending(metric->kind));
    backhand_out_text(metric->out, " ");
    backhand_out_text(metric->out, rest);
    backhand_out_text(metric->out, "\n");
}

void backhand_metric_begin(backhand_metric *metric, backhand_metric_kind kind, const char *name, const char *help)
{
    metric->kind = kind;
    metric->name = name;
    head_line(metric, "HELP ", help);
    head_line(metric, "TYPE ", kind_name(metric));
}

/* @return the separator before a further label */
static const char *write_labels(const backhand_out *out, const backhand_label *labels)
{
    const char *separator = "{";

    for (; labels->name; labels++) {
        backhand_out_text(out, separator);
        backhand_out_text(out, labels->name);
        backhand_out_text(out, "=");
        backhand_out_label(out, labels->value);
        separator = ",";
    }
    return separator;
}

/* @param bound  of a bucket, us: a further label; 0: none; -1: no bound */
static void write_sample(const backhand_metric *metric, const char *end, const backhand_label *labels, int64_t bound,
                         int64_t number, int64_t divisor)
{
    const backhand_out *out = metric->out;
    const char *separator;

    backhand_out_text(out, metric->name);
    backhand_out_text(out, end);
    separator = write_labels(out, labels);
    if (bound != 0) {
        backhand_out_text(out, separator);
        backhand_out_text(out, "le=\"");
        if (bound < 0) {
            backhand_out_text(out, "+Inf");
        }
        else {
            backhand_out_decimal(out, bound, MICROS);
            /* The form of OpenMetrics for whole numbers. A label is compared as text. */
            backhand_out_text(out, bound % MICROS == 0 ? ".0" : "");
        }
        backhand_out_text(out, "\"");
        separator = ",";
    }
    backhand_out_text(out, *separator == ',' ? "} " : " ");
    backhand_out_decimal(out, number, divisor);
    backhand_out_text(out, "\n");
}

void backhand_metric_sample(const backhand_metric *metric, const backhand_label *labels, int64_t number,
                            int64_t divisor)
{
    write_sample(metric, ending(metric->kind), labels, 0, number, divisor);
}

void backhand_metric_histogram(const backhand_metric *metric, const backhand_label *labels,
                               const backhand_histogram *histogram, const int64_t bounds[BACKHAND_BUCKET_BOUNDS])
{
    int64_t count = 0;

    for (int i = 0; i < BACKHAND_BUCKETS; i++) {
        count += histogram->buckets[i];
        write_sample(metric, "_bucket", labels, i < BACKHAND_BUCKET_BOUNDS ? bounds[i] : -1, count, 1);
    }
    write_sample(metric, "_sum", labels, 0, histogram->sum, MICROS);
    write_sample(metric, "_count", labels, 0, count, 1);
}
