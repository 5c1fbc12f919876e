/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file scoreboard.h
 * @brief What httpd's scoreboard says of this server's workers.
 */
#ifndef BACKHAND_SCOREBOARD_H
#define BACKHAND_SCOREBOARD_H

#include <stdint.h>

/**
 * Counts the workers of the current generation: `ready` for a request, and `running`, which are the ready and the busy
 * ones. Under the event MPM a connection that is idle between two requests holds no worker. Any process, once httpd has
 * made its scoreboard (0 and 0 before).
 */
void backhand_scoreboard_count(int64_t *ready, int64_t *running);

#endif
