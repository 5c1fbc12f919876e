/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file paths.h
 * @brief What mod_backhand does for each request and each announcement, a function each.
 */
#ifndef BACKHAND_CALLGRIND_PATHS_H
#define BACKHAND_CALLGRIND_PATHS_H

#include "ground.h"

/** One of them. `run` does it once; may be called GROUND_DATAGRAMS times after each `prepare`, which may be NULL. */
typedef struct hot_path {
    const char *name;
    int live; /**< servers in the table that it is run on */
    void (*prepare)(ground *g);
    void (*run)(ground *g);
} hot_path;

/** All of them, ended by a NULL name. */
const hot_path *hot_paths(void);

/** Runs the recommended chain. */
void path_chain(ground *g);

/** Takes in the next datagram. Ends the process when it is dropped. */
void path_intake(ground *g);

#endif
