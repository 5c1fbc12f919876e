/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file standing.h
 * @brief Compares this server with the others: would a request with a free place here surely be served faster
 * elsewhere? The moderator compares now and then, so that most requests are decided without a look at the others. Core:
 * no httpd.
 */
#ifndef BACKHAND_STANDING_H
#define BACKHAND_STANDING_H

#include "table/table.h"

/** Compares this server with up to 64 servers heard within SERVER_TIMEOUT, each as if it had a free place. Sets
 * `slower`, `behind` and `seems` of the meter. For the moderator, after each reading of the meter. */
void backhand_standing_look(backhand_table *table);

#endif
