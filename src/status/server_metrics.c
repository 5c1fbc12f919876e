/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "status/server_metrics.h"

#define GAUGE   BACKHAND_METRIC_GAUGE
#define COUNTER BACKHAND_METRIC_COUNTER

#define MICROS APR_USEC_PER_SEC
#define MILLIS 1000

typedef struct description {
    backhand_metric_kind kind;
    const char *name;
    int64_t divisor; /* the number divided by it is in seconds, bytes, or a ratio */
    const char *help;
} description;

/* A line for each figure. A figure that is not known yet is 0, except for `stall`. */
/* clang-format off */
#define METRIC_mtime GAUGE, "backhand_server_heard_timestamp_seconds", 1, \
    "When it was last heard from; 0: never, or it has left"
#define METRIC_aservers GAUGE, "backhand_server_workers_ready", 1, "Workers that are ready for a request"
#define METRIC_nservers GAUGE, "backhand_server_workers", 1, "Workers that run"
#define METRIC_load GAUGE, "backhand_server_load1", MILLIS, "1-minute load average"
#define METRIC_load_hwm GAUGE, "backhand_server_load_high_water", MILLIS, \
    "High-water mark of load in the farm that it knows"
#define METRIC_cpu GAUGE, "backhand_server_cpu_idle_ratio", MILLIS, "Idle share of its CPUs"
#define METRIC_ncpu GAUGE, "backhand_server_cpus", 1, "CPUs"
#define METRIC_tmem GAUGE, "backhand_server_memory_bytes", 1, "Memory"
#define METRIC_amem GAUGE, "backhand_server_memory_available_bytes", 1, "Memory available to programs"
#define METRIC_arriba GAUGE, "backhand_server_speed_score", 1, "Speed score, larger is faster; 0: not measured yet"
#define METRIC_numbacked COUNTER, "backhand_server_requests_received", 1, \
    "Handed-off requests that it received since it started"
#define METRIC_tatime GAUGE, "backhand_server_received_time_seconds", MILLIS, \
    "Average time to serve a handed-off request"
#define METRIC_inflight GAUGE, "backhand_server_requests_in_flight", 1, "Requests being served there"
#define METRIC_service GAUGE, "backhand_server_service_time_seconds", MICROS, \
    "Mean time to serve a request there without contention; 0: not measured yet"
#define METRIC_parallel GAUGE, "backhand_server_requests_at_once", MILLIS, \
    "Requests that it serves at once without getting slower; 0: not measured yet"
#define METRIC_latency GAUGE, "backhand_server_latency_seconds", MICROS, \
    "Median time of recent requests at the present concurrency; 0: none yet"
#define METRIC_errors GAUGE, "backhand_server_error_ratio", MILLIS, \
    "Share of recent responses with a status of 500 or more"
#define METRIC_served COUNTER, "backhand_server_requests_served", 1, "Requests that it served itself since it started"
#define METRIC_typical GAUGE, "backhand_server_typical_time_seconds", MICROS, \
    "How long a request takes there, for comparisons; 0: not measured yet"
#define METRIC_samples GAUGE, "backhand_server_typical_samples", 1, "Number of requests behind the typical time"
#define METRIC_spread GAUGE, "backhand_server_typical_spread", MILLIS, \
    "Standard deviation of the logarithm of the times behind the typical time"
#define METRIC_calm GAUGE, "backhand_server_calm", 1, "1: these requests met no contention"
#define METRIC_stall GAUGE, "backhand_server_stall_ratio", MILLIS, \
    "How much longer requests take now because none of them ends; 1: they end as usual"
#define METRIC_down GAUGE, "backhand_server_down_seconds", 1, "How long its checks have failed; 0: they do not"
#define METRIC_why GAUGE, "backhand_server_down_code", 1, "How its last failed check ended; 0: its checks do not fail"
#define METRIC_duty GAUGE, "backhand_server_duty", 1, "1: an order has drained it; 2: it is under maintenance"
#define METRIC_withheld GAUGE, "backhand_server_withheld_percent", 1, \
    "Percent of its fair share of requests that an order withholds from it"
/* clang-format on */

static const description figures[BACKHAND_FIGURES] = {
#define FIGURE(name, ...) [BACKHAND_FIGURE_##name] = {METRIC_##name},
    BACKHAND_ALL_FIGURES(FIGURE)
#undef FIGURE
};

/* Numbers of a row; negative: not known, or it never happened. */
#define NUMBER(member) offsetof(backhand_row, member)

static const struct {
    description is;
    size_t offset;
} numbers[] = {
    {{GAUGE, "backhand_server_age_seconds", MICROS, "Time since it was heard from"}, NUMBER(age)},
    {{COUNTER, "backhand_server_state_changes", 1, "Changes of its state since it is in the table"}, NUMBER(changes)},
    {{COUNTER, "backhand_sent", 1, "Requests handed to it from here; this server itself: that chains left to it"},
     NUMBER(sent)},
    {{GAUGE, "backhand_sent_waiting", 1, "Requests handed to it from here that are not yet answered"}, NUMBER(waiting)},
    {{COUNTER, "backhand_retries", 1, "Tries at it after which another server, or this one, could have the request"},
     NUMBER(outcomes.retried)},
    {{GAUGE, "backhand_hop_seconds", MICROS, "Time that a hand-off to it adds to the time of serving there"},
     NUMBER(hop)},
    {{GAUGE, "backhand_figures_age_seconds", MICROS, "Time since this server got its figures with a response"},
     NUMBER(reported)},
    {{GAUGE, "backhand_refused_age_seconds", MICROS, "Time since it was last blamed for a failure"}, NUMBER(refused)},
    {{GAUGE, "backhand_rival_age_seconds", MICROS, "Time since another server announced its contact"}, NUMBER(rival)},
};

/* The labels of a server, and room for one more. */
typedef struct server_labels {
    backhand_label label[4];
} server_labels;

static server_labels labels_of(const backhand_row *row, const char *name, const char *value)
{
    return (server_labels){
        {{"server", row->announcement.stat.contact}, {"hostname", row->announcement.stat.hostname}, {name, value}}};
}

static void write_figures(backhand_metric *metric, const backhand_row *rows, int n)
{
    for (int i = 0; i < BACKHAND_FIGURES; i++) {
        backhand_metric_begin(metric, figures[i].kind, figures[i].name, figures[i].help);
        for (int at = 0; at < n; at++) {
            server_labels labels = labels_of(&rows[at], NULL, NULL);
            backhand_metric_sample(metric, labels.label,
                                   backhand_figure_get(&rows[at].announcement.stat, &backhand_figures[i]),
                                   figures[i].divisor);
        }
    }
}

static void write_numbers(backhand_metric *metric, const backhand_row *rows, int n)
{
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        backhand_metric_begin(metric, numbers[i].is.kind, numbers[i].is.name, numbers[i].is.help);
        for (int at = 0; at < n; at++) {
            server_labels labels = labels_of(&rows[at], NULL, NULL);
            int64_t number = *(const int64_t *)(const void *)((const char *)&rows[at] + numbers[i].offset);
            if (number >= 0) {
                backhand_metric_sample(metric, labels.label, number, numbers[i].is.divisor);
            }
        }
    }
}

static void write_states(backhand_metric *metric, const backhand_row *rows, int n, apr_time_t wall)
{
    backhand_metric_begin(metric, GAUGE, "backhand_server_state", "1 for the state that it has, 0 for all others");
    for (int at = 0; at < n; at++) {
        for (int state = 0; state < BACKHAND_ROW_STATES; state++) {
            server_labels labels = labels_of(&rows[at], "state", backhand_row_state_name(state));
            backhand_metric_sample(metric, labels.label, rows[at].state == (backhand_row_state)state, 1);
        }
    }
    backhand_metric_begin(metric, GAUGE, "backhand_server_zone", "1, with the zone that it is in");
    for (int at = 0; at < n; at++) {
        server_labels labels = labels_of(&rows[at], "zone", rows[at].announcement.zone);
        if (*rows[at].announcement.zone) {
            backhand_metric_sample(metric, labels.label, 1, 1);
        }
    }
    backhand_metric_begin(metric, GAUGE, "backhand_server_state_timestamp_seconds", "When that state began");
    for (int at = 0; at < n; at++) {
        server_labels labels = labels_of(&rows[at], NULL, NULL);
        if (rows[at].lasts >= 0) {
            backhand_metric_sample(metric, labels.label, wall - rows[at].lasts, MICROS);
        }
    }
}

static void write_tries(backhand_metric *metric, const backhand_row *rows, int n)
{
    backhand_metric_begin(metric, COUNTER, "backhand_tries", "Hand-offs to it from here that ended, by outcome");
    for (int at = 0; at < n; at++) {
        for (int i = 0; i < BACKHAND_OUTCOMES; i++) {
            server_labels labels = labels_of(&rows[at], "outcome", backhand_outcome_name(i));
            backhand_metric_sample(metric, labels.label, rows[at].outcomes.tries[i], 1);
        }
    }
    backhand_metric_begin(metric, BACKHAND_METRIC_HISTOGRAM, "backhand_handoff_seconds",
                          "Time of hand-offs to it from here, from asking to the end of the response");
    for (int at = 0; at < n; at++) {
        server_labels labels = labels_of(&rows[at], NULL, NULL);
        backhand_metric_histogram(metric, labels.label, &rows[at].outcomes.took, backhand_request_bounds);
    }
}

void backhand_server_metrics_write(backhand_metric *metric, const backhand_row *rows, int n, apr_time_t wall)
{
    write_states(metric, rows, n, wall);
    write_figures(metric, rows, n);
    write_numbers(metric, rows, n);
    write_tries(metric, rows, n);
}
