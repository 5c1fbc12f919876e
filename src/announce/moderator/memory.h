/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file memory.h
 * @brief The file that remembers accepted announcements across restarts, so that none is accepted twice. Only for the
 * moderator.
 */
#ifndef BACKHAND_MEMORY_H
#define BACKHAND_MEMORY_H

#include "announce/moderator/intake.h"
#include "announce/moderator/journal.h"
#include "config/config.h"

typedef struct backhand_memory {
    backhand_intake *intake;
    backhand_journal *journal;
    const char *path;
} backhand_memory;

/** Gives the intake the keys and the content of the file. Without keys it does nothing. All arguments must live as long
 * as `memory`. */
void backhand_memory_open(backhand_memory *memory, const backhand_config *conf, backhand_intake *intake,
                          backhand_journal *journal, apr_pool_t *p);

/** Writes the file if anything has changed since the last call. Logs a failure once. */
void backhand_memory_keep(backhand_memory *memory);

#endif
