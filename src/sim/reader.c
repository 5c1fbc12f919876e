/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "sim/reader.h"

#include <apr_strings.h>

#include <string.h>

/* --- single values ----------------------------------------------------------------------------------------- */

const char *sim_read_title(sim_reader *reader, sim_words *words)
{
    reader->scenario->title = sim_words_rest(words);
    return NULL;
}

const char *sim_read_thrash(sim_reader *reader, sim_words *words)
{
    return sim_words_number(words, "the slow-down", 1, 1e6, &reader->scenario->thrash);
}

const char *sim_read_delay(sim_reader *reader, sim_words *words)
{
    const char *error = sim_words_time(words, "the delay", 0, &reader->scenario->delay);
    const char *word = error ? NULL : sim_words_next(words);

    reader->scenario->zone_delay = SIM_NEVER;
    if (!word) {
        return error;
    }
    if (strcmp(word, "zones") != 0) {
        return apr_psprintf(reader->pool, "after the delay comes `zones` and the delay between zones, not `%s`", word);
    }
    return sim_words_time(words, "the delay between zones", 0, &reader->scenario->zone_delay);
}

const char *sim_read_hop(sim_reader *reader, sim_words *words)
{
    const char *error = sim_words_time(words, "the cost of a hand-off", 0, &reader->scenario->hop);
    const char *word = error ? NULL : sim_words_next(words);

    if (!word) {
        return error;
    }
    if (strcmp(word, "cpu") != 0) {
        return apr_psprintf(reader->pool, "after the time comes `cpu` and the CPU time it takes, not `%s`", word);
    }
    return sim_words_time(words, "the CPU time of a hand-off", 0, &reader->scenario->hop_work);
}

const char *sim_read_retry(sim_reader *reader, sim_words *words)
{
    return sim_words_time(words, "the pause", 0, &reader->scenario->retry);
}

const char *sim_read_tries(sim_reader *reader, sim_words *words)
{
    return sim_words_whole(words, "the number of tries", 1, 100, &reader->scenario->tries);
}

const char *sim_read_max_wait(sim_reader *reader, sim_words *words)
{
    return sim_words_time(words, "the longest wait", 0, &reader->scenario->max_wait);
}

const char *sim_read_handoffs(sim_reader *reader, sim_words *words)
{
    return sim_words_number(words, "the share of the workers", 0, 1, &reader->scenario->handoffs);
}

const char *sim_read_duration(sim_reader *reader, sim_words *words)
{
    return sim_words_time(words, "the duration", 1, &reader->scenario->duration);
}

const char *sim_read_warmup(sim_reader *reader, sim_words *words)
{
    return sim_words_time(words, "the warm-up", 0, &reader->scenario->warmup);
}

const char *sim_read_seed(sim_reader *reader, sim_words *words)
{
    int seed;
    const char *error = sim_words_whole(words, "the seed", 0, INT32_MAX, &seed);
    if (!error) {
        reader->scenario->seed = (uint64_t)seed;
    }
    return error;
}

const char *sim_read_runs(sim_reader *reader, sim_words *words)
{
    return sim_words_whole(words, "the number of runs", 1, 1000000, &reader->scenario->runs);
}

const char *sim_read_load_window(sim_reader *reader, sim_words *words)
{
    int64_t window;
    const char *error = sim_words_time(words, "the window of the load average", 0, &window);
    if (!error) {
        reader->scenario->load_window = (double)window / 1e6;
    }
    return error;
}

/* --- several values ---------------------------------------------------------------------------------------- */

const char *sim_read_dispatchers(sim_reader *reader, sim_words *words)
{
    sim_scenario *it = reader->scenario;
    const char *before, *word;

    it->n_dispatchers = it->on_servers = 0;
    for (before = words->rest; (word = sim_words_next(words)); before = words->rest) {
        const char *error;
        if (!strcmp(word, "on-servers")) {
            it->on_servers = 1;
            break;
        }
        if (it->n_dispatchers == SIM_CASES_MAX) {
            return "there are too many numbers of dispatchers: 16 is the most";
        }
        words->rest = before;
        error = sim_words_whole(words, "the number of dispatchers", 1, SIM_DISPATCHERS_MAX,
                                &it->dispatchers[it->n_dispatchers]);
        if (error) {
            return error;
        }
        it->n_dispatchers++;
    }
    return it->n_dispatchers ? NULL : "the number of dispatchers is missing";
}

const char *sim_read_figures(sim_reader *reader, sim_words *words)
{
    sim_scenario *it = reader->scenario;
    const char *word;

    it->n_figures = 0;
    while ((word = sim_words_next(words))) {
        if ((strcmp(word, "on") != 0 && strcmp(word, "off") != 0) || it->n_figures == SIM_CASES_MAX) {
            return "takes `on`, `off` or both";
        }
        it->figures[it->n_figures++] = !strcmp(word, "on");
    }
    return it->n_figures ? NULL : "takes `on`, `off` or both";
}

const char *sim_read_backlog(sim_reader *reader, sim_words *words)
{
    const char *word = sim_words_next(words);
    if (!word || (strcmp(word, "announced") != 0 && strcmp(word, "hidden") != 0)) {
        return "takes `announced` or `hidden`";
    }
    reader->scenario->backlog = !strcmp(word, "announced");
    return NULL;
}

const char *sim_read_report(sim_reader *reader, sim_words *words)
{
    const char *word = sim_words_next(words);
    if (!word || (strcmp(word, "slowdown") != 0 && strcmp(word, "numbers") != 0)) {
        return "takes `slowdown` or `numbers`";
    }
    if (!strcmp(word, "numbers")) {
        reader->scenario->numbers = 1;
        return NULL;
    }
    reader->scenario->slowdown = 1;
    return NULL;
}

/* `SHARE times FACTOR parts MIN MAX [each]` */
const char *sim_read_split(sim_reader *reader, sim_words *words)
{
    static const char form[] =
        "is written as `split 0.05 times 10 parts 1 20` or `split 0.05 times 10 parts 1 20 each`";
    sim_scenario *it = reader->scenario;
    const char *error = sim_words_number(words, "the share of the requests", 0, 1, &it->split);
    const char *word = error ? NULL : sim_words_next(words);

    if (!word || strcmp(word, "times") != 0) {
        return error ? error : form;
    }
    error = sim_words_number(words, "how many times longer they are", 1e-6, 1e6, &it->longer);
    word = error ? NULL : sim_words_next(words);
    if (!word || strcmp(word, "parts") != 0) {
        return error ? error : form;
    }
    error = sim_words_whole(words, "the smallest number of parts", 1, SIM_PARTS_MAX, &it->parts_min);
    error = error ? error
                  : sim_words_whole(words, "the largest number of parts", it->parts_min, SIM_PARTS_MAX, &it->parts_max);
    word = error ? NULL : sim_words_next(words);
    it->each = word && !strcmp(word, "each");
    return word && !it->each ? form : error;
}

const char *sim_read_announce(sim_reader *reader, sim_words *words)
{
    const char *error = sim_words_time(words, "the interval", 1000, &reader->scenario->interval);
    const char *word = error ? NULL : sim_words_next(words);
    if (!word) {
        return error;
    }
    if (strcmp(word, "loss") != 0) {
        return apr_psprintf(reader->pool, "after the interval comes `loss` and a share, not `%s`", word);
    }
    return sim_words_number(words, "the loss", 0, 1, &reader->scenario->loss);
}

const char *sim_read_slow(sim_reader *reader, sim_words *words)
{
    const char *error = sim_words_number(words, "how much slower", 1, 1e6, &reader->scenario->slow);
    const char *word = error ? NULL : sim_words_next(words);

    reader->scenario->moves = 0;
    if (!word) {
        return error;
    }
    if (strcmp(word, "moves") != 0) {
        return apr_psprintf(reader->pool, "after the factor comes `moves` and a time, not `%s`", word);
    }
    return sim_words_time(words, "the time after which it moves", 1000, &reader->scenario->moves);
}

/* `FILE [faster FACTOR]` */
static const char *read_trace(sim_reader *reader, sim_words *words)
{
    const char *file = sim_words_next(words), *word = file ? sim_words_next(words) : NULL, *error = NULL;
    double faster = 1;
    sim_trace *trace = NULL;

    if (!file || (word && strcmp(word, "faster") != 0)) {
        return "takes `trace`, an access log, and maybe `faster` and a factor";
    }
    if (word) {
        error = sim_words_number(words, "how many times faster", 1e-3, 1e6, &faster);
    }
    file = *file == '/' ? file : apr_pstrcat(reader->pool, reader->scenario->folder, "/", file, NULL);
    error = error ? error : sim_trace_read(&trace, file, faster, reader->pool);
    reader->scenario->trace = trace;
    return error;
}

/* `burst SHARE every TIME` */
static const char *read_burst(sim_scenario *it, sim_words *words)
{
    static const char form[] = "a burst is written as `burst 0.5 every 4s`";
    const char *word = sim_words_next(words), *error;

    if (!word) {
        return NULL;
    }
    if (strcmp(word, "burst") != 0) {
        return form;
    }
    error = sim_words_number(words, "how many more requests come in a burst", 0, 1, &it->burst);
    word = error ? NULL : sim_words_next(words);
    if (!word || strcmp(word, "every") != 0) {
        return error ? error : form;
    }
    return sim_words_time(words, "how often a burst comes", 1000, &it->period);
}

/* `first SHARE` */
const char *sim_read_clients(sim_reader *reader, sim_words *words)
{
    const char *word = sim_words_next(words);

    if (!word || strcmp(word, "first") != 0) {
        return "takes `first` and the share of the clients that come to the first dispatcher";
    }
    return sim_words_number(words, "the share of the clients", 0, 1, &reader->scenario->first);
}

const char *sim_read_arrivals(sim_reader *reader, sim_words *words)
{
    sim_scenario *it = reader->scenario;
    const char *word = sim_words_next(words), *error;

    it->rate = it->load = it->burst = 0;
    it->trace = NULL;
    if (word && !strcmp(word, "trace")) {
        return read_trace(reader, words);
    }
    if (word && !strcmp(word, "rate")) {
        error = sim_words_number(words, "the rate", 1e-6, 1e7, &it->rate);
        return error ? error : read_burst(it, words);
    }
    if (word && !strcmp(word, "load")) {
        error = sim_words_number(words, "the load", 1e-6, 100, &it->load);
        return error ? error : read_burst(it, words);
    }
    return "takes `rate` and requests a second, `load` and a share of what the servers can do, as 0.8, or `trace` and "
           "an "
           "access log";
}

/* --- distributions ----------------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    sim_shape shape;
    int may_miss;      /* the third number */
    const char *extra; /* what the second number is; NULL: there is none */
    double min, max;   /* of it */
    const char *third; /* what the third number is, from 1 on; NULL: there is none */
} shapes[] = {
    {"fixed", SIM_FIXED, 0, NULL, 0, 0, NULL},
    {"exp", SIM_EXP, 0, NULL, 0, 0, NULL},
    {"uniform", SIM_UNIFORM, 0, NULL, 0, 0, NULL},
    {"pareto", SIM_PARETO, 1, "the shape of the Pareto distribution", 1.0001, 100,
     "how many times the shortest the longest is"},
    {"lognormal", SIM_LOGNORMAL, 0, "the standard deviation of the logarithm", 0, 100, NULL},
    {"bimodal", SIM_BIMODAL, 0, "the share of the longer ones", 0, 1, "how many times longer they are"},
    {"reciprocal", SIM_RECIPROCAL, 0, NULL, 0, 0, NULL},
};

/* @return which of the shapes, or -1 */
static int find_shape(const char *word)
{
    for (size_t i = 0; word && i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        if (!strcmp(shapes[i].name, word)) {
            return (int)i;
        }
    }
    return -1;
}

static const char *read_spread(sim_words *words, sim_spread *out, int is_time)
{
    int which = find_shape(sim_words_next(words));
    int64_t mean = 0;
    const char *error;
    sim_words look;

    if (which < 0) {
        return "takes a distribution, which is fixed, exp, uniform, pareto, lognormal, bimodal or reciprocal, and its "
               "mean; "
               "`service` also `trace`";
    }
    out->shape = shapes[which].shape;
    if (is_time) {
        error = sim_words_time(words, "the mean", 1, &mean);
        out->mean = (double)mean / 1e6;
    }
    else {
        error = sim_words_number(words, "the mean", 0, 1e12, &out->mean);
    }
    out->third = 0;
    if (error || !shapes[which].extra) {
        return error;
    }
    error = sim_words_number(words, shapes[which].extra, shapes[which].min, shapes[which].max, &out->extra);
    look = *words;
    if (error || !shapes[which].third || (shapes[which].may_miss && !sim_words_next(&look))) {
        return error;
    }
    return sim_words_number(words, shapes[which].third, 1, 1e9, &out->third);
}

const char *sim_read_service(sim_reader *reader, sim_words *words)
{
    sim_words look = *words;
    const char *word = sim_words_next(&look);

    reader->scenario->trace_times = word && !strcmp(word, "trace");
    if (reader->scenario->trace_times) {
        *words = look;
        return NULL;
    }
    return read_spread(words, &reader->scenario->service, 1);
}

const char *sim_read_memory(sim_reader *reader, sim_words *words)
{
    return read_spread(words, &reader->scenario->memory, 0);
}
