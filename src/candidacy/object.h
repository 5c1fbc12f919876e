/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file object.h
 * @brief Candidacy functions from shared objects. Core: no httpd.
 */
#ifndef BACKHAND_OBJECT_H
#define BACKHAND_OBJECT_H

#include "candidacy/chain.h"

/**
 * The shared object of a path: a folder means `<name>.so` in it. While the configuration is read.
 * @param path  complete
 */
const char *backhand_object_resolve(apr_pool_t *p, const char *path, const char *name);

/**
 * Opens the object, for as long as the pool lives, and fills in `call` and `check` of the function by its `name`.
 * @param base  the folder that paths are relative to, for the message
 * @return NULL, or the error: the object cannot be loaded, has no such function, or was built for another version of
 *         mod_backhand.h
 */
const char *backhand_object_load(backhand_function *function, const char *path, const char *base, apr_pool_t *p);

#endif
