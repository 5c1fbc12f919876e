/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file standing.h
 * @brief How this server stands among the others: whether a request that finds a free place here would surely be over
 * sooner elsewhere. Worked out now and then, so that most requests are decided on without a look at the others. Core:
 * no httpd.
 */
#ifndef BACKHAND_STANDING_H
#define BACKHAND_STANDING_H

#include "table/table.h"

/** Looks at up to 64 servers heard within SERVER_TIMEOUT, each as if it had a free place; sets `slower`, `behind` and
 * `seems` of the meter. For the moderator, after each reading of the meter. */
void backhand_standing_look(backhand_table *table);

#endif
