/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file target.h
 * @brief What the client asked for, as it asked.
 */
#ifndef BACKHAND_TARGET_H
#define BACKHAND_TARGET_H

#include "config/config.h"

/**
 * The request's target as it was received, byte for byte, query included: internal redirects (DirectoryIndex, a front
 * controller) are the chosen server's to make. The absolute form is cut to its path; the host is in the Host header
 * then.
 * @return a path that begins with `/`, or `*`; from r->pool
 */
const char *backhand_target(const request_rec *r);

#endif
