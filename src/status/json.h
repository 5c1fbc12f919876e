/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file json.h
 * @brief The status page as JSON, in the shape that docs/status.md describes. Core: no httpd.
 */
#ifndef BACKHAND_STATUS_JSON_H
#define BACKHAND_STATUS_JSON_H

#include "status/facts.h"
#include "status/out.h"

/** The value of the key `version`. It grows when a key changes its meaning or goes; new keys do not change it. */
#define BACKHAND_JSON_VERSION 1

/** Writes one object and a newline. Any process that may read the table. */
void backhand_json_write(const backhand_out *out, const backhand_facts *facts);

#endif
