/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file json.h
 * @brief JSON on standard output.
 */
#ifndef BACKHAND_CTL_JSON_H
#define BACKHAND_CTL_JSON_H

#include "status/out.h"

/** Writes to standard output. */
backhand_out ctl_out(void);

/** Writes `"name":"text"`, after a comma unless `*first`, which it clears. */
void ctl_json_text(const backhand_out *out, int *first, const char *name, const char *text);

#endif
