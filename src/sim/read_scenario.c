/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "sim/read_scenario.h"
#include "sim/chains.h"
#include "candidacy/builtins.h"
#include "candidacy/chain.h"
#include "sim/interpreter.h"
#include "sim/reader.h"
#include "sim/references.h"

#include <apr_file_io.h>
#include <apr_strings.h>

#include <string.h>

#define LINE_SIZE 8192
/* The length of a run, us, if neither the scenario nor a trace says it. */
#define DURATION 60000000

static const sim_scenario defaults = {
    .dispatchers = {1},
    .n_dispatchers = 1,
    .figures = {1},
    .n_figures = 1,
    .service = {SIM_EXP, 0.1, 0, 0},
    .memory = {SIM_FIXED, 0, 0, 0},
    .thrash = 10,
    .interval = 250000,
    .load_window = 60,
    .delay = 200,
    .zone_delay = SIM_NEVER,
    .retry = 5000000,
    .tries = 3,
    .handoffs = 0.5,
    .first = -1,
    .warmup = 10000000,
    .seed = 1,
    .runs = 1,
};

/* --- policies ---------------------------------------------------------------------------------------------- */

static sim_policy *add_policy(sim_reader *reader, const char *name)
{
    sim_scenario *it = reader->scenario;
    sim_policy *policy;

    if (it->n_policies == SIM_POLICIES_MAX) {
        return NULL;
    }
    policy = &it->policies[it->n_policies++];
    policy->name = name;
    policy->line = reader->line;
    return policy;
}

/* `policy NAME: function | function`, or a name alone and directives on the lines after it */
static const char *read_policy(sim_reader *reader, sim_words *words)
{
    const char *text = sim_words_rest(words), *colon = strchr(text, ':');
    size_t length = colon ? (size_t)(colon - text) : strlen(text);
    sim_policy *policy;

    if (length == 0) {
        return "a policy needs a name, as in `policy classic: byAge 20 | byRandom | byLogWindow | byLoad`";
    }
    policy = add_policy(reader, apr_pstrmemdup(reader->pool, text, length));
    if (!policy) {
        return "there are too many policies: 64 is the most";
    }
    return colon ? sim_chain_append_all(reader, policy, colon + 1) : NULL;
}

static const char *read_reference(sim_reader *reader, sim_words *words)
{
    const char *word;
    while ((word = sim_words_next(words))) {
        sim_reference reference = sim_reference_find(word);
        sim_policy *policy;
        if (reference == SIM_CHAIN) {
            return apr_psprintf(
                reader->pool,
                "there is no reference `%s`; there are here, roundrobin, leastconn, random2, oracle, omniscient", word);
        }
        policy = add_policy(reader, word);
        if (!policy) {
            return "there are too many policies: 64 is the most";
        }
        policy->reference = reference;
    }
    return NULL;
}

/* A line as httpd has it: one that names a function belongs to the policy before it. */
static const char *read_directive(sim_reader *reader, const char *text)
{
    sim_scenario *it = reader->scenario;
    sim_policy *policy = it->n_policies ? &it->policies[it->n_policies - 1] : NULL;

    if (*text == 'P') {
        return sim_perl_directive(text, it->folder, reader->pool);
    }
    if (!policy || policy->reference != SIM_CHAIN) {
        return "this line belongs to a policy: write `policy NAME` before it";
    }
    return sim_chain_append(reader, policy, text);
}

/* --- lines ------------------------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    const char *(*read)(sim_reader *reader, sim_words *words);
} keywords[] = {
    {"title", sim_read_title},       {"servers", sim_read_servers},   {"dispatchers", sim_read_dispatchers},
    {"arrivals", sim_read_arrivals}, {"clients", sim_read_clients},   {"request", sim_read_request},
    {"service", sim_read_service},   {"memory", sim_read_memory},     {"split", sim_read_split},
    {"report", sim_read_report},     {"thrash", sim_read_thrash},     {"announce", sim_read_announce},
    {"backlog", sim_read_backlog},   {"figures", sim_read_figures},   {"load-window", sim_read_load_window},
    {"delay", sim_read_delay},       {"hop", sim_read_hop},           {"retry", sim_read_retry},
    {"tries", sim_read_tries},       {"handoffs", sim_read_handoffs}, {"slow", sim_read_slow},
    {"duration", sim_read_duration}, {"warmup", sim_read_warmup},     {"seed", sim_read_seed},
    {"runs", sim_read_runs},         {"max-wait", sim_read_max_wait}, {"policy", read_policy},
    {"reference", read_reference},
};

static const char *unknown(const sim_reader *reader, const char *word)
{
    const char *known = "";
    for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++) {
        known = apr_pstrcat(reader->pool, known, i ? ", " : "", keywords[i].name, NULL);
    }
    return apr_psprintf(reader->pool,
                        "no line begins with `%s`; lines begin with %s, Backhand, BackhandFromSO, PerlModule, "
                        "PerlRequire, PerlSwitches",
                        word, known);
}

static const char *read_line(sim_reader *reader, const char *text)
{
    sim_words words = {text, reader->pool};
    const char *word = sim_words_next(&words), *error, *more;

    if (!word) {
        return NULL;
    }
    if (!strncmp(word, "Backhand", strlen("Backhand")) || !strncmp(word, "Perl", strlen("Perl"))) {
        sim_words line = {text, reader->pool};
        return read_directive(reader, sim_words_rest(&line));
    }
    for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++) {
        if (strcmp(keywords[i].name, word) != 0) {
            continue;
        }
        error = keywords[i].read(reader, &words);
        more = error ? NULL : sim_words_next(&words);
        return more ? apr_psprintf(reader->pool, "%s takes no further word, as `%s`", word, more) : error;
    }
    return unknown(reader, word);
}

/* --- the whole --------------------------------------------------------------------------------------------- */

static const char *check_arrivals(const sim_scenario *it)
{
    if (it->trace_times && (!it->trace || it->trace->untimed)) {
        return it->trace
                   ? "`service trace` needs lines that end with `%D`, the time that the request took in us, and some "
                     "have none"
                   : "`service trace` needs `arrivals trace`";
    }
    if (it->trace) {
        return NULL;
    }
    if (it->rate <= 0 && it->load <= 0) {
        return "there are no arrivals: write a line as `arrivals load 0.8` or `arrivals rate 100`";
    }
    if (it->rate <= 0 && it->service.shape == SIM_RECIPROCAL) {
        return "the service times have no mean, so that `arrivals load` says nothing: write `arrivals rate N`";
    }
    for (int i = 0; i < it->n_groups; i++) {
        if (it->rate <= 0 && sim_group_places(&it->groups[i]) == 0) {
            return "of servers with unlimited workers `arrivals load` needs to know the `cpus`";
        }
    }
    return NULL;
}

static const char *check(const sim_scenario *it, apr_pool_t *p)
{
    int most = BACKHAND_SERVERS_MAX - !it->on_servers;

    if (it->servers == 0) {
        return "there are no servers: write a line as `servers 4 speed 1 workers 8`";
    }
    if (it->servers > most) {
        return apr_psprintf(p, "there are %d servers, and %d is the most%s", it->servers, most,
                            it->on_servers ? ""
                                           : " with dispatchers of their own, each of which has an entry in its table");
    }
    for (int i = 0; it->on_servers && i < it->n_dispatchers; i++) {
        if (it->dispatchers[i] > it->servers) {
            return apr_psprintf(p, "%d dispatchers cannot stand on %d servers", it->dispatchers[i], it->servers);
        }
    }
    if (it->n_policies == 0) {
        return "there is no policy: write a line as `policy classic: byAge 20 | byRandom | byLogWindow | byLoad`";
    }
    if (it->delay >= it->interval || (it->zone_delay != SIM_NEVER && it->zone_delay >= it->interval)) {
        return "the delay of the network must be shorter than the interval of the announcements";
    }
    return check_arrivals(it);
}

static const char *read_settings(sim_reader *reader, const apr_array_header_t *settings)
{
    for (int i = 0; settings && i < settings->nelts; i++) {
        const char *text = APR_ARRAY_IDX(settings, i, const char *);
        const char *error = read_line(reader, text);
        if (error) {
            return apr_psprintf(reader->pool, "--set \"%s\": %s", text, error);
        }
    }
    return NULL;
}

static const char *read_lines(sim_reader *reader, apr_file_t *file)
{
    char line[LINE_SIZE];

    for (reader->line = 1; apr_file_gets(line, sizeof(line), file) == APR_SUCCESS; reader->line++) {
        const char *error = strlen(line) == sizeof(line) - 1 ? "this line is too long" : read_line(reader, line);
        if (error) {
            return apr_psprintf(reader->pool, "%s:%d: %s", reader->file, reader->line, error);
        }
    }
    return NULL;
}

static const char *folder_of(const char *file, apr_pool_t *p)
{
    const char *slash = strrchr(file, '/');
    char *folder = NULL;
    apr_filepath_merge(&folder, NULL, slash ? apr_pstrmemdup(p, file, (apr_size_t)(slash - file)) : ".",
                       APR_FILEPATH_NOTRELATIVE | APR_FILEPATH_TRUENAME, p);
    return folder ? folder : ".";
}

/* A dispatcher of its own is in its table, as every server is, and serves nothing. */
static void leave_out_dispatchers(sim_scenario *it, apr_pool_t *p)
{
    const backhand_function itself = {.name = "removeSelf", .where = it->file, .call = backhand_remove_self};

    for (int i = 0; i < it->n_policies; i++) {
        backhand_chain first = {NULL, NULL, 0};
        if (it->policies[i].chain.own) {
            backhand_chain_append(&first, &itself, p);
            apr_array_cat(first.own, it->policies[i].chain.own);
            it->policies[i].chain.own = first.own;
        }
    }
}

/* Fills in what was left open. */
static void complete(sim_scenario *it, apr_pool_t *p)
{
    if (it->trace) {
        int64_t length = it->trace->entries[it->trace->n - 1].at + 1 - it->warmup;
        length = length > 0 ? length : 1;
        it->duration = it->duration && it->duration < length ? it->duration : length;
    }
    it->duration = it->duration ? it->duration : DURATION;
    if (it->n_asks == 0) {
        it->asks[it->n_asks++] = (sim_ask){
            .weight = 1, .times = 1, .first = -1, .method = "GET", .uri = "/", .headers = apr_table_make(p, 1)};
        it->weights = 1;
    }
}

const char *sim_scenario_read(sim_scenario **out, const char *file, const apr_array_header_t *settings, apr_pool_t *p)
{
    sim_reader reader = {.file = file, .pool = p};
    char message[120];
    apr_file_t *handle;
    const char *error;
    apr_status_t rv = apr_file_open(&handle, file, APR_FOPEN_READ | APR_FOPEN_BUFFERED, APR_OS_DEFAULT, p);

    if (rv != APR_SUCCESS) {
        return apr_psprintf(p, "%s: %s", file, apr_strerror(rv, message, sizeof(message)));
    }
    *out = reader.scenario = apr_pmemdup(p, &defaults, sizeof(defaults));
    reader.scenario->file = reader.scenario->title = file;
    reader.scenario->folder = folder_of(file, p);
    error = read_lines(&reader, handle);
    apr_file_close(handle);
    error = error ? error : read_settings(&reader, settings);
    if (error) {
        return error;
    }
    complete(reader.scenario, p);
    if (!reader.scenario->on_servers) {
        leave_out_dispatchers(reader.scenario, p);
    }
    error = check(reader.scenario, p);
    return error ? apr_psprintf(p, "%s: %s", file, error) : NULL;
}
