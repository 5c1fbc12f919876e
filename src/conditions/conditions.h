/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file conditions.h
 * @brief The conditions that an operator should know of, each with what to do: one list for the log, the status page
 * and backhandctl. docs/operations.md has a table of them. Core: no httpd.
 */
#ifndef BACKHAND_CONDITIONS_H
#define BACKHAND_CONDITIONS_H

#include "conditions/condition.h"

/**
 * Reads the conditions that hold now, those with the highest severity first. It looks at every entry of the table.
 * Any process, any thread.
 * @param out  room for BACKHAND_CONDITIONS of them
 * @return how many there are
 */
int backhand_conditions_read(backhand_condition out[BACKHAND_CONDITIONS], const backhand_table *table);

/** `error`, `warning` or `notice`. */
const char *backhand_severity_name(backhand_severity severity);

#endif
