/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "sim/reader.h"

#include "base/words.h"

#include <apr_strings.h>

#include <string.h>

#define WORKERS_MAX 100000

static const char *read_workers(sim_words *words, sim_group *group)
{
    sim_words look = *words;
    const char *word = sim_words_next(&look);
    if (word && !strcmp(word, "unlimited")) {
        *words = look;
        group->workers = 0;
        return NULL;
    }
    return sim_words_whole(words, "the number of workers", 1, WORKERS_MAX, &group->workers);
}

/* `errors SHARE from TIME until TIME` */
static const char *read_errors(sim_words *words, sim_group *group)
{
    const char *error = sim_words_number(words, "the share of errors", 0, 1, &group->errors);
    sim_words look = *words;
    const char *word = sim_words_next(&look);

    if (error || !word || strcmp(word, "from") != 0) {
        return error;
    }
    *words = look;
    error = sim_words_time(words, "the time from which on there are errors", 0, &group->errs);
    look = *words;
    word = sim_words_next(&look);
    if (error || !word || strcmp(word, "until") != 0) {
        return error;
    }
    *words = look;
    return sim_words_time(words, "the time until which there are errors", 0, &group->mended);
}

/* `cold FACTOR TIME` */
static const char *read_cold(sim_words *words, sim_group *group)
{
    const char *error = sim_words_number(words, "how many times slower it is while it is cold", 1, 1e6, &group->colder);
    return error ? error : sim_words_time(words, "how long it is cold", 1, &group->warm);
}

static const char *read_zone(sim_words *words, sim_group *group)
{
    const char *word = sim_words_next(words);

    if (!word || !backhand_word_is_zone(word)) {
        return "a zone is 1 to 31 characters of A-Z a-z 0-9 _ -";
    }
    group->zone = word;
    return NULL;
}

static const char *read_item(sim_reader *reader, sim_words *words, const char *word, sim_group *group)
{
    if (!strcmp(word, "name")) {
        group->name = sim_words_next(words);
        return group->name ? NULL : "the name is missing";
    }
    if (!strcmp(word, "zone")) {
        return read_zone(words, group);
    }
    if (!strcmp(word, "speed")) {
        return sim_words_number(words, "the speed", 1e-6, 1e6, &group->speed);
    }
    if (!strcmp(word, "score")) {
        return sim_words_number(words, "the score", 1e-3, 1000, &group->score);
    }
    if (!strcmp(word, "workers")) {
        return read_workers(words, group);
    }
    if (!strcmp(word, "slots")) {
        group->workers = 0;
        return sim_words_whole(words, "the number of slots", 1, WORKERS_MAX, &group->slots);
    }
    if (!strcmp(word, "cold")) {
        return read_cold(words, group);
    }
    if (!strcmp(word, "cpus")) {
        return sim_words_whole(words, "the number of CPUs", 1, WORKERS_MAX, &group->cpus);
    }
    if (!strcmp(word, "memory")) {
        return sim_words_number(words, "the memory", 1e-6, 1e9, &group->memory);
    }
    if (!strcmp(word, "joins")) {
        return sim_words_time(words, "the time of joining", 1, &group->joins);
    }
    if (!strcmp(word, "fails")) {
        return sim_words_time(words, "the time of failing", 1, &group->fails);
    }
    if (!strcmp(word, "returns")) {
        return sim_words_time(words, "the time of returning", 1, &group->back);
    }
    if (!strcmp(word, "errors")) {
        return read_errors(words, group);
    }
    return apr_psprintf(
        reader->pool,
        "of servers there are name, zone, speed, score, workers, slots, cpus, memory, joins, cold, fails, returns "
        "and errors to be said, not `%s`",
        word);
}

static const char *check(sim_group *group)
{
    if (group->fails != SIM_NEVER && group->fails <= group->joins) {
        return "these servers fail before they join";
    }
    if (group->back != SIM_NEVER && (group->fails == SIM_NEVER || group->back <= group->fails)) {
        return "these servers return before they fail";
    }
    return NULL;
}

const char *sim_read_servers(sim_reader *reader, sim_words *words)
{
    sim_scenario *it = reader->scenario;
    sim_group group = {.name = sim_words_rest(&(sim_words){words->rest, reader->pool}),
                       .zone = "",
                       .workers = 8,
                       .speed = 1,
                       .fails = SIM_NEVER,
                       .back = SIM_NEVER,
                       .mended = SIM_NEVER};
    const char *error, *word;

    if (it->n_groups == SIM_GROUPS_MAX) {
        return "there are too many lines of servers: 256 is the most";
    }
    error = sim_words_whole(words, "the number of servers", 1, BACKHAND_SERVERS_MAX, &group.count);
    while (!error && (word = sim_words_next(words))) {
        error = read_item(reader, words, word, &group);
    }
    if (error) {
        return error;
    }
    group.score = group.score > 0 ? group.score : group.speed;
    it->groups[it->n_groups++] = group;
    it->servers += group.count;
    return check(&group);
}
