/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "sim/chains.h"
#include "candidacy/builtins.h"
#include "candidacy/object.h"
#include "sim/interpreter.h"
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
    const char *known = "on, off";
    for (const backhand_builtin *builtin = backhand_builtins(); builtin->name; builtin++) {
        known = apr_pstrcat(p, known, ", ", builtin->name, NULL);
    }
    return apr_pstrcat(p, "there is no function ", name, " that works without httpd; there are ", known, NULL);
}

static const char *append_builtin(sim_policy *policy, backhand_function *function, apr_pool_t *p)
{
    const backhand_builtin *builtin =
        backhand_builtin_find(!strcasecmp(function->name, "on") ? BACKHAND_RECOMMENDED : function->name);
    const char *error;

    if (!strcasecmp(function->name, "off") || !strcasecmp(function->name, "backhand_off")) {
        backhand_chain_forget(&policy->chain);
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
    backhand_chain_append(&policy->chain, function, p);
    return NULL;
}

static const char *append_object(sim_reader *reader, sim_policy *policy, backhand_function *function, sim_words *words)
{
    apr_pool_t *p = reader->pool;
    const char *file = sim_words_next(words), *name = sim_words_next(words), *error;

    if (!file || !name) {
        return "BackhandFromSO takes a shared object, the name of a function in it, and its arguments if any";
    }
    function->name = name;
    function->arg = rest_of(words);
    if (!strcmp(name, "byPerl")) {
        error = sim_perl_function(function, p);
    }
    else {
        function->foreign = 1;
        file = *file == '/' ? file : apr_pstrcat(p, reader->scenario->folder, "/", file, NULL);
        error = backhand_object_load(function, backhand_object_resolve(p, file, name), "the folder of the scenario", p);
    }
    policy->reads_request = 1;
    backhand_chain_append(&policy->chain, function, p);
    return error;
}

const char *sim_chain_append(sim_reader *reader, sim_policy *policy, const char *text)
{
    apr_pool_t *p = reader->pool;
    sim_words words = {text, p};
    const char *name = sim_words_next(&words);
    backhand_function function = {.where = apr_psprintf(p, "%s:%d", reader->file, reader->line)};

    if (name && !strcasecmp(name, "BackhandFromSO")) {
        return append_object(reader, policy, &function, &words);
    }
    if (name && !strcasecmp(name, "Backhand")) {
        name = sim_words_next(&words);
    }
    if (!name) {
        return "a function is missing, as in byAge 20 | byRandom | byLogWindow | byLoad";
    }
    function.name = name;
    function.arg = rest_of(&words);
    return append_builtin(policy, &function, p);
}

const char *sim_chain_append_all(sim_reader *reader, sim_policy *policy, const char *text)
{
    const char *error = NULL;

    while (!error) {
        const char *bar = strchr(text, '|');
        error =
            sim_chain_append(reader, policy, bar ? apr_pstrmemdup(reader->pool, text, (apr_size_t)(bar - text)) : text);
        if (!bar) {
            break;
        }
        text = bar + 1;
    }
    return error;
}
