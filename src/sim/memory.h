/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file memory.h
 * @brief Allocates memory. If there is no more, the program ends.
 */
#ifndef BACKHAND_SIM_MEMORY_H
#define BACKHAND_SIM_MEMORY_H

#include <stddef.h>

/** Room for `n` elements of that size; keeps the content of `old`, which may be NULL. */
void *sim_memory_resize(void *old, size_t n, size_t size);
/** New, zeroed room for `n` elements. */
void *sim_memory_zeroed(size_t n, size_t size);
void sim_memory_free(void *memory);

#endif
