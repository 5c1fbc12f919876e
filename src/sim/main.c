/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* bhsim: what a policy would do, before it does it. */

#include "sim/read_scenario.h"
#include "sim/memory.h"
#include "sim/interpreter.h"
#include "sim/svg.h"

#include <apr_general.h>
#include <apr_getopt.h>
#include <apr_strings.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define USAGE 2

typedef struct options {
    const char *file;
    apr_array_header_t *settings; /* of const char * */
    const char *picture;
    int quiet;
} options;

enum { OPTION_SET = 256, OPTION_SVG, OPTION_QUIET };

static const apr_getopt_option_t known_options[] = {
    {"help", 'h', 0, "this text"},
    {"version", 'V', 0, "which release this is"},
    {"set", OPTION_SET, 1, "a line of a scenario, which counts after those of the file; repeatable"},
    {"svg", OPTION_SVG, 1, "draw a picture into this file"},
    {"quiet", OPTION_QUIET, 0, "tell no progress"},
    {NULL, 0, 0, NULL},
};

static void write_help(FILE *out)
{
    fprintf(out,
            "usage: bhsim [OPTION...] SCENARIO\n"
            "Simulates servers, the dispatchers in front of them, and the policies of a scenario file with the code\n"
            "that httpd loads. Same scenario and seed, same result.\n\n");
    for (const apr_getopt_option_t *option = known_options; option->name; option++) {
        fprintf(out, "  --%s%-*s %s\n", option->name, 12 - (int)strlen(option->name), option->has_arg ? " ..." : "",
                option->description);
    }
}

/* @return -1 to go on, or the status to end with */
static int take_option(options *out, int option, const char *value)
{
    switch (option) {
    case 'h':
        write_help(stdout);
        return EXIT_SUCCESS;
    case 'V':
        printf("bhsim of mod_backhand %s\n", BACKHAND_VERSION);
        return EXIT_SUCCESS;
    case OPTION_SET:
        APR_ARRAY_PUSH(out->settings, const char *) = value;
        break;
    case OPTION_SVG:
        out->picture = value;
        break;
    case OPTION_QUIET:
        out->quiet = 1;
        break;
    default:
        break;
    }
    return -1;
}

static int read_options(options *out, int argc, const char *const *argv, apr_pool_t *p)
{
    apr_getopt_t *reading;
    const char *value;
    int option, end;
    apr_status_t rv;

    out->settings = apr_array_make(p, 4, sizeof(const char *));
    apr_getopt_init(&reading, p, argc, argv);
    reading->interleave = 1;
    while ((rv = apr_getopt_long(reading, known_options, &option, &value)) == APR_SUCCESS) {
        end = take_option(out, option, value);
        if (end >= 0) {
            return end;
        }
    }
    if (rv != APR_EOF || reading->ind != argc - 1) {
        write_help(stderr);
        return USAGE;
    }
    out->file = reading->argv[reading->ind]; /* argv in another order */
    return -1;
}

typedef struct progress {
    const char *policy;
    int done, all; /* runs */
} progress;

static void tell(void *ctx, double share)
{
    const progress *now = ctx;
    fprintf(stderr, "\r\033[Kbhsim: %3.0f %% of %d runs, %s", 100 * (now->done + share) / now->all, now->all,
            now->policy);
    fflush(stderr);
}

static void simulate(const options *how, const sim_scenario *scenario, sim_outcome *outcomes, int n, apr_pool_t *p)
{
    progress now = {.all = n * scenario->n_policies * scenario->runs};
    const sim_progress teller = {tell, &now}, *told = !how->quiet && isatty(STDERR_FILENO) ? &teller : NULL;

    for (int i = 0; i < n; i++) {
        for (int j = 0; j < scenario->n_policies; j++) {
            now.policy = scenario->policies[j].name;
            for (int k = 0; k < scenario->runs; k++, now.done++) {
                sim_run(scenario, &scenario->policies[j], outcomes[i].its_case, scenario->seed + (uint64_t)k,
                        &outcomes[i].results[j], told, p);
                if (told && now.done % 100 == 0) {
                    tell(&now, 1);
                }
            }
        }
    }
    if (told) {
        fprintf(stderr, "\r\033[K");
    }
}

static int make_outcomes(sim_outcome *outcomes, const sim_scenario *scenario)
{
    int n = 0;
    for (int i = 0; i < scenario->n_dispatchers; i++) {
        for (int j = 0; j < scenario->n_figures; j++, n++) {
            outcomes[n].its_case = (sim_case){scenario->dispatchers[i], scenario->figures[j]};
            outcomes[n].results = sim_memory_zeroed((size_t)scenario->n_policies, sizeof(sim_result));
            for (int k = 0; k < scenario->n_policies; k++) {
                outcomes[n].results[k].shares = sim_memory_zeroed((size_t)scenario->servers, sizeof(uint64_t));
            }
        }
    }
    return n;
}

static void free_outcomes(sim_outcome *outcomes, int n, int policies)
{
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < policies; j++) {
            sim_memory_free(outcomes[i].results[j].shares);
        }
        sim_memory_free(outcomes[i].results);
    }
}

static int draw(const char *file, const sim_scenario *scenario, const sim_outcome *outcomes, int n)
{
    FILE *out = fopen(file, "w");
    int failed = !out;

    if (out) {
        sim_svg_write(out, scenario, outcomes, n);
        failed = ferror(out);
        failed |= fclose(out);
    }
    if (failed) {
        fprintf(stderr, "bhsim: %s: %s\n", file, strerror(errno));
    }
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int run(const options *how, apr_pool_t *p)
{
    static sim_outcome outcomes[SIM_CASES_MAX * SIM_CASES_MAX];
    sim_scenario *scenario = NULL;
    const char *error = sim_scenario_read(&scenario, how->file, how->settings, p);
    int n, status = EXIT_SUCCESS;

    if (error) {
        fprintf(stderr, "bhsim: %s\n", error);
        return EXIT_FAILURE;
    }
    n = make_outcomes(outcomes, scenario);
    simulate(how, scenario, outcomes, n, p);
    sim_report_text(stdout, scenario, outcomes, n);
    if (how->picture) {
        status = draw(how->picture, scenario, outcomes, n);
    }
    free_outcomes(outcomes, n, scenario->n_policies);
    sim_perl_end();
    return status;
}

int main(int argc, const char *const *argv)
{
    options how = {0};
    apr_pool_t *pool;
    int end;

    apr_app_initialize(&argc, &argv, NULL);
    atexit(apr_terminate);
    apr_pool_create(&pool, NULL);
    end = read_options(&how, argc, argv, pool);
    return end >= 0 ? end : run(&how, pool);
}
