/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file target.h
 * @brief The target of a request, exactly as the client sent it.
 */
#ifndef BACKHAND_TARGET_H
#define BACKHAND_TARGET_H

#include "config/config.h"

/**
 * The request's target as it was received, byte for byte, with the query. Internal redirects (DirectoryIndex, a front
 * controller) do not change it: the chosen server makes its own. The absolute form is cut to its path; the host is then
 * in the Host header.
 * @return a path that begins with `/`, or `*`; from r->pool
 */
const char *backhand_target(const request_rec *r);

#endif
