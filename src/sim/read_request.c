/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "sim/reader.h"

#include <apr_strings.h>

#include <ctype.h>
#include <string.h>

/* `"Name: value"` */
static const char *read_header(sim_words *words, sim_ask *ask)
{
    const char *text = sim_words_next(words), *colon = text ? strchr(text, ':') : NULL, *value;

    if (!colon || colon == text) {
        return "a header is written as \"Name: value\"";
    }
    for (value = colon + 1; isspace((unsigned char)*value); value++) {
    }
    apr_table_add(ask->headers, apr_pstrmemdup(words->pool, text, (apr_size_t)(colon - text)), value);
    return NULL;
}

static const char *read_item(sim_reader *reader, sim_words *words, const char *word, sim_ask *ask)
{
    if (!strcmp(word, "times")) {
        return sim_words_number(words, "how many times the usual its service takes", 0, 1e6, &ask->times);
    }
    if (!strcmp(word, "first")) {
        return sim_words_number(words, "the share that comes to the first dispatcher", 0, 1, &ask->first);
    }
    if (!strcmp(word, "header")) {
        return read_header(words, ask);
    }
    return apr_psprintf(reader->pool, "of a request there are `times`, `first` and `header` to be said, not `%s`",
                        word);
}

/* `WEIGHT METHOD TARGET [times FACTOR] [header "Name: value"]...` */
const char *sim_read_request(sim_reader *reader, sim_words *words)
{
    sim_scenario *it = reader->scenario;
    sim_ask ask = {.times = 1, .first = -1, .headers = apr_table_make(reader->pool, 2)};
    const char *error, *target, *word;

    if (it->n_asks == SIM_ASKS_MAX) {
        return "there are too many lines of requests: 1000 is the most";
    }
    error = sim_words_number(words, "the weight of the request", 1e-6, 1e6, &ask.weight);
    ask.method = error ? NULL : sim_words_next(words);
    target = ask.method ? sim_words_next(words) : NULL;
    if (!error && (!target || *target != '/')) {
        return "a request is written as `request 3 GET /path?arguments`, the number being how often it comes beside "
               "the "
               "others";
    }
    while (!error && (word = sim_words_next(words))) {
        error = read_item(reader, words, word, &ask);
    }
    if (error) {
        return error;
    }
    sim_ask_target(&ask, target, reader->pool);
    it->asks[it->n_asks++] = ask;
    it->weights += ask.weight;
    return NULL;
}
