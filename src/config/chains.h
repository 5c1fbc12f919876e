/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file chains.h
 * @brief The directives that build chains: Backhand and BackhandFromSO.
 */
#ifndef BACKHAND_CHAINS_H
#define BACKHAND_CHAINS_H

#include "config/config.h"

/** `Backhand function [arg]`: appends a built-in to the container's chain, or with `off` starts it anew. */
const char *backhand_directive_builtin(cmd_parms *cmd, void *dir, const char *line);

/**
 * `BackhandFromSO file function [arg...]`: opens the file, which stays open as long as the configuration, and appends
 * its function. `file` is relative to ServerRoot; a folder means `<function>.so` in it.
 */
const char *backhand_directive_from_so(cmd_parms *cmd, void *dir, const char *line);

#endif
