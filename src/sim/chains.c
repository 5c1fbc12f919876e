/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "sim/chains.h"
#include "sim/words.h"

#include <apr_strings.h>

#include <string.h>
#include <strings.h>

static char *rest_of(sim_words *words)
{
    char *rest = NULL;
    const char *word;
    while ((word = sim_words_next(words))) {
        rest = rest ? apr_pstrcat(words->pool, rest, " ", word, NULL) : apr_pstrdup(words->pool, word);
    }
    return rest;
}

static const char *unknown(apr_pool_t *p, const char *name)
{
    const char *known = "off";
    for (const backhand_builtin *builtin = backhand_builtins(); builtin->name; builtin++) {
        known = apr_pstrcat(p, known, ", ", builtin->name, NULL);
    }
    return apr_pstrcat(p, "there is no function ", name, " that works without httpd; there are ", known, NULL);
}

static const char *append_builtin(backhand_chain *chain, backhand_function *function, apr_pool_t *p)
{
    const backhand_builtin *builtin = backhand_builtin_find(function->name);
    const char *error;

    if (!strcasecmp(function->name, "off") || !strcasecmp(function->name, "backhand_off")) {
        backhand_chain_forget(chain);
        return function->arg ? "off takes no argument" : NULL;
    }
    if (!builtin) {
        return unknown(p, function->name);
    }
    error = builtin->check_arg(function->arg);
    if (error) {
        return apr_pstrcat(p, function->name, function->arg ? " " : "", function->arg ? function->arg : "", ": ", error,
                           NULL);
    }
    function->name = builtin->name;
    function->call = builtin->call;
    backhand_chain_append(chain, function, p);
    return NULL;
}

const char *sim_chain_append(backhand_chain *chain, const char *text, const char *where, apr_pool_t *p)
{
    sim_words words = {text, p};
    const char *name = sim_words_next(&words);
    backhand_function function = {.where = where, .warned = apr_pcalloc(p, sizeof(int64_t))};

    if (name && !strcasecmp(name, "Backhand")) {
        name = sim_words_next(&words);
    }
    if (!name) {
        return "a function is missing, as in byAge 20 | byRandom | byLogWindow | byLoad";
    }
    function.name = name;
    function.arg = rest_of(&words);
    return append_builtin(chain, &function, p);
}

const char *sim_chain_append_all(backhand_chain *chain, const char *text, const char *where, apr_pool_t *p)
{
    const char *error = NULL;

    while (!error) {
        const char *bar = strchr(text, '|');
        error = sim_chain_append(chain, bar ? apr_pstrmemdup(p, text, (apr_size_t)(bar - text)) : text, where, p);
        if (!bar) {
            break;
        }
        text = bar + 1;
    }
    return error;
}
