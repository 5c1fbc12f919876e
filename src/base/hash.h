/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file hash.h
 * @brief FNV-1a hashes. Only for keys that no stranger can choose, or where a collision does no harm. Core: no httpd.
 */
#ifndef BACKHAND_BASE_HASH_H
#define BACKHAND_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/** The first value for backhand_hash_add(). */
#define BACKHAND_HASH_SEED UINT64_C(0xcbf29ce484222325)

/** The hash with these bytes added. */
uint64_t backhand_hash_add(uint64_t hash, const void *data, size_t length);

#endif
