/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file words.h
 * @brief Words of a scenario's line, and their allowed forms. Errors are text from the pool.
 */
#ifndef BACKHAND_SIM_WORDS_H
#define BACKHAND_SIM_WORDS_H

#include <apr_pools.h>

#include <stdint.h>

/** A line that is being read, word by word. */
typedef struct sim_words {
    const char *rest;
    apr_pool_t *pool;
} sim_words;

/** The next word, quotes around it removed; NULL at the end of the line or where a comment begins. */
const char *sim_words_next(sim_words *words);
/** All that is left, without blanks around it and without a comment. */
const char *sim_words_rest(sim_words *words);

/**
 * Reads the next word as a number from `min` to `max`.
 * @param what  what it is, for the message
 * @return NULL, or what is wrong
 */
const char *sim_words_number(sim_words *words, const char *what, double min, double max, double *out);
const char *sim_words_whole(sim_words *words, const char *what, int min, int max, int *out);
/** A length of time of `min` us or more: `250ms`, `5s`, `2min`, `100us`; a number alone is seconds. @param out  us */
const char *sim_words_time(sim_words *words, const char *what, int64_t min, int64_t *out);

#endif
