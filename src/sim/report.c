/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "sim/report.h"

#include <string.h>

static void time_text(char *out, size_t size, double us)
{
    if (us >= 100e6) {
        snprintf(out, size, "%.0f s", us / 1e6);
    }
    else if (us >= 1e6) {
        snprintf(out, size, "%.2f s", us / 1e6);
    }
    else {
        snprintf(out, size, us >= 1e5 ? "%.0f ms" : us >= 1e4 ? "%.1f ms" : "%.2f ms", us / 1e3);
    }
}

static double share_of(uint64_t part, uint64_t whole)
{
    return whole ? 100.0 * (double)part / (double)whole : 0;
}

static void write_policy(FILE *out, const char *name, int width, const sim_result *result)
{
    static const double quantiles[] = {0.5, 0.99, 0.999};
    char text[32];

    time_text(text, sizeof(text), sim_histogram_mean(&result->times));
    fprintf(out, "%-*s %9s", width, name, text);
    for (size_t i = 0; i < sizeof(quantiles) / sizeof(quantiles[0]); i++) {
        time_text(text, sizeof(text), sim_histogram_quantile(&result->times, quantiles[i]));
        fprintf(out, " %9s", text);
    }
    fprintf(out, " %7.1f%% %7.2f %8llu %8llu\n", share_of(result->again, result->handoffs), result->peak,
            (unsigned long long)result->failed, (unsigned long long)result->errors);
}

static int name_width(const sim_scenario *scenario)
{
    int width = (int)strlen("policy");
    for (int i = 0; i < scenario->n_policies; i++) {
        int length = (int)strlen(scenario->policies[i].name);
        width = length > width ? length : width;
    }
    return width;
}

static void write_shares(FILE *out, const sim_scenario *scenario, const sim_result *result)
{
    int server = 0;
    for (int i = 0; i < scenario->n_groups; i++) {
        uint64_t least = UINT64_MAX, most = 0;
        char text[40];
        for (int j = 0; j < scenario->groups[i].count; j++, server++) {
            least = result->shares[server] < least ? result->shares[server] : least;
            most = result->shares[server] > most ? result->shares[server] : most;
        }
        snprintf(text, sizeof(text), "%.2f-%.2f%%", share_of(least, result->handoffs),
                 share_of(most, result->handoffs));
        fprintf(out, " %14s", text);
    }
    fputc('\n', out);
}

static void write_complaint(FILE *out, const sim_policy *policy, const sim_result *result)
{
    if (result->complaints) {
        fprintf(out,
                "%s: %llu of its decisions went wrong, and left the list as it was, or what was right of it; the "
                "first: %s\n",
                policy->name, (unsigned long long)result->complaints, result->complaint);
    }
}

/* How many times longer than alone on a fastest server: mean over all requests, and mean over the means of the runs. */
static void write_slowdown(FILE *out, const char *name, int width, const sim_result *result)
{
    double by_request = result->times.n ? result->slowdown / (double)result->times.n : 0;
    double by_run = result->runs ? result->slowdown_run / (double)result->runs : 0;
    fprintf(out, "%-*s took %.2f times as long as alone by request, %.2f by run\n", width, name, by_request, by_run);
}

static int has_zones(const sim_scenario *scenario)
{
    int zones = 0;

    for (int i = 0; i < scenario->n_groups; i++) {
        zones = zones || *scenario->groups[i].zone;
    }
    return zones;
}

static void write_case(FILE *out, const sim_scenario *scenario, const sim_outcome *outcome)
{
    int width = name_width(scenario);

    fprintf(out, "\n%d dispatcher%s, figures on responses %s\n", outcome->its_case.dispatchers,
            outcome->its_case.dispatchers == 1 ? "" : "s", outcome->its_case.figures ? "on" : "off");
    fprintf(out, "%-*s %9s %9s %9s %9s %8s %7s %8s %8s\n", width, "policy", "mean", "p50", "p99", "p99.9", "again",
            "peak", "failed", "errors");
    for (int i = 0; i < scenario->n_policies; i++) {
        write_policy(out, scenario->policies[i].name, width, &outcome->results[i]);
    }
    for (int i = 0; i < scenario->n_policies; i++) {
        write_complaint(out, &scenario->policies[i], &outcome->results[i]);
    }
    for (int i = 0; scenario->slowdown && i < scenario->n_policies; i++) {
        write_slowdown(out, scenario->policies[i].name, width, &outcome->results[i]);
    }
    for (int i = 0; has_zones(scenario) && i < scenario->n_policies; i++) {
        fprintf(out, "%-*s handed %.2f%% of the requests to another zone\n", width, scenario->policies[i].name,
                share_of(outcome->results[i].crossed, outcome->results[i].handoffs));
    }
    fprintf(out, "share of the requests a server\n");
    for (int i = 0; i < scenario->n_policies; i++) {
        fprintf(out, "%-*s", width, scenario->policies[i].name);
        write_shares(out, scenario, &outcome->results[i]);
    }
}

static void write_trace(FILE *out, const sim_trace *trace)
{
    fprintf(out, "%u requests of a trace", trace->n);
    if (trace->skipped) {
        fprintf(out, "; %u lines are no requests of an access log, the first is line %d", trace->skipped,
                trace->first_skipped);
    }
    fputc('\n', out);
}

/* Name, mean, p50, p90, p99, p99.9 in ms, share in % handed to another server, of errors, of failures, requests, share
 * in % handed to another zone. */
static void write_numbers(FILE *out, const sim_scenario *scenario, const sim_outcome *outcome)
{
    static const double quantiles[] = {0.5, 0.9, 0.99, 0.999};

    for (int i = 0; i < scenario->n_policies; i++) {
        const sim_result *result = &outcome->results[i];
        fprintf(out, "%s\t%.6g", scenario->policies[i].name, sim_histogram_mean(&result->times) / 1e3);
        for (size_t q = 0; q < sizeof(quantiles) / sizeof(quantiles[0]); q++) {
            fprintf(out, "\t%.6g", sim_histogram_quantile(&result->times, quantiles[q]) / 1e3);
        }
        fprintf(out, "\t%.3f\t%.3f\t%.3f\t%llu\t%.3f\n", share_of(result->away, result->handoffs),
                share_of(result->errors, result->arrived), share_of(result->failed, result->arrived),
                (unsigned long long)result->arrived, share_of(result->crossed, result->handoffs));
    }
}

void sim_report_text(FILE *out, const sim_scenario *scenario, const sim_outcome *outcomes, int n)
{
    for (int i = 0; scenario->numbers && i < n; i++) {
        write_numbers(out, scenario, &outcomes[i]);
    }
    if (scenario->numbers) {
        return;
    }
    fprintf(out, "%s\n%d servers, %d run%s of %g s, seed %llu\n", scenario->title, scenario->servers, scenario->runs,
            scenario->runs == 1 ? "" : "s", (double)scenario->duration / 1e6, (unsigned long long)scenario->seed);
    if (scenario->trace) {
        write_trace(out, scenario->trace);
    }
    for (int i = 0; i < n; i++) {
        write_case(out, scenario, &outcomes[i]);
    }
}
