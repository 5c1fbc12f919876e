/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file speed.h
 * @brief This machine's speed score: read from its file, or measured a bit at a time and kept there.
 */
#ifndef BACKHAND_SPEED_H
#define BACKHAND_SPEED_H

#include "table/table.h"

#include <httpd.h>

/** The score's file in UnixSocketDir; delete it to measure again at the next start. */
#define BACKHAND_SPEED_FILE "mod_backhand-Arriba"

typedef struct backhand_speed {
    const char *path;
    apr_pool_t *p;
    int rounds; /**< left to measure */
    int64_t best;
} backhand_speed;

/** Reads the file in the folder `dir` and sets the shared score, or leaves it to be measured.
 * @return NULL, or why the file does not count */
const char *backhand_speed_init(backhand_speed *speed, const char *dir, backhand_table *table, apr_pool_t *p);

/** True while there is something to measure. */
int backhand_speed_unknown(const backhand_speed *speed);

/** Measures for some milliseconds; after the last round sets the shared score and writes the file. */
void backhand_speed_step(backhand_speed *speed, backhand_table *table, server_rec *s);

#endif
