/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file reader.h
 * @brief What each kind of line of a scenario says. For read_scenario.c.
 */
#ifndef BACKHAND_SIM_READER_H
#define BACKHAND_SIM_READER_H

#include "sim/scenario.h"
#include "sim/words.h"

typedef struct sim_reader {
    const char *file;
    int line;
    sim_scenario *scenario;
    apr_pool_t *pool;
} sim_reader;

/* Each reads the words after the first one. @return NULL, or what is wrong */
const char *sim_read_title(sim_reader *reader, sim_words *words);
const char *sim_read_servers(sim_reader *reader, sim_words *words);
const char *sim_read_dispatchers(sim_reader *reader, sim_words *words);
const char *sim_read_arrivals(sim_reader *reader, sim_words *words);
const char *sim_read_clients(sim_reader *reader, sim_words *words);
const char *sim_read_request(sim_reader *reader, sim_words *words);
const char *sim_read_service(sim_reader *reader, sim_words *words);
const char *sim_read_memory(sim_reader *reader, sim_words *words);
const char *sim_read_split(sim_reader *reader, sim_words *words);
const char *sim_read_report(sim_reader *reader, sim_words *words);
const char *sim_read_thrash(sim_reader *reader, sim_words *words);
const char *sim_read_announce(sim_reader *reader, sim_words *words);
const char *sim_read_backlog(sim_reader *reader, sim_words *words);
const char *sim_read_figures(sim_reader *reader, sim_words *words);
const char *sim_read_load_window(sim_reader *reader, sim_words *words);
const char *sim_read_delay(sim_reader *reader, sim_words *words);
const char *sim_read_hop(sim_reader *reader, sim_words *words);
const char *sim_read_retry(sim_reader *reader, sim_words *words);
const char *sim_read_tries(sim_reader *reader, sim_words *words);
const char *sim_read_max_wait(sim_reader *reader, sim_words *words);
const char *sim_read_handoffs(sim_reader *reader, sim_words *words);
const char *sim_read_slow(sim_reader *reader, sim_words *words);
const char *sim_read_duration(sim_reader *reader, sim_words *words);
const char *sim_read_warmup(sim_reader *reader, sim_words *words);
const char *sim_read_seed(sim_reader *reader, sim_words *words);
const char *sim_read_runs(sim_reader *reader, sim_words *words);

#endif
