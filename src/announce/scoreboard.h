/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file scoreboard.h
 * @brief This server's workers, counted in httpd's scoreboard.
 */
#ifndef BACKHAND_SCOREBOARD_H
#define BACKHAND_SCOREBOARD_H

#include <stdint.h>

/** Counts the workers of the running generation: those ready for a request, and all that run. Zeros while there is no
 * scoreboard. Any process. */
void backhand_scoreboard_count(int64_t *ready, int64_t *running);

#endif
